"""The seed of a local account: what the first command of the README needs, by the settings, written once."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from localcloud.testing import apply_seed
from pipelines import example_data
from rehearsal import seed
from settings.environments import CONFIG
from settings.errors import Problem, SettingsProblem

BUCKET = "churn-local-000000000000-eu-west-1"
ROLE = "churn-local-training"
CONNECTION = "arn:aws:codeconnections:eu-west-1:000000000000:connection/00000000-0000-0000-0000-000000000000"
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def few_rows(monkeypatch):
    monkeypatch.setattr(seed, "ROWS", 50)


@pytest.fixture
def config(tmp_path):
    return Path(shutil.copytree(CONFIG, tmp_path / "config"))


@pytest.fixture
def write(config, tmp_path):
    """Returns the file, after an addition to the settings."""

    def write(overlay=""):
        local = config / "local.toml"
        local.write_text(local.read_text() + overlay)
        return seed.write(tmp_path / "state", config)

    return write


def read(file):
    return json.loads(file.read_text())


def keys(s3):
    return [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def test_bucket_role_connection_and_example_data_are_there_once(cloud, aws, write):
    for _ in range(2):
        apply_seed(cloud, write())
        assert [bucket["Name"] for bucket in aws("s3").list_buckets()["Buckets"]] == [BUCKET]
        assert keys(aws("s3")) == ["churn/data/churn.csv"]
        body = aws("s3").get_object(Bucket=BUCKET, Key="churn/data/churn.csv")["Body"].read()
        assert len(body.splitlines()) == 51
        roles = aws("iam").list_roles()["Roles"]
        assert {role["RoleName"] for role in roles} == {ROLE, "churn-local-hosting"}
        (connection,) = aws("codeconnections").list_connections()["Connections"]
        assert (connection["ConnectionArn"], connection["ConnectionStatus"]) == (CONNECTION, "AVAILABLE")
    for role in roles:
        assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "sagemaker.amazonaws.com"}
    assert aws("s3").get_bucket_location(Bucket=BUCKET)["LocationConstraint"] == "eu-west-1"


def test_what_exists_is_left_alone(cloud, aws, write):
    s3 = aws("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket=BUCKET, Key="churn/data/mine.csv", Body=b"a\n1\n")
    aws("iam").create_role(RoleName=ROLE, AssumeRolePolicyDocument="{}", Description="mine")
    apply_seed(cloud, write())
    assert keys(s3) == ["churn/data/mine.csv"]
    with pytest.raises(s3.exceptions.ClientError, match="TagSet"):
        s3.get_bucket_tagging(Bucket=BUCKET)
    assert aws("iam").get_role(RoleName=ROLE)["Role"]["Description"] == "mine"


def test_without_a_connection_in_the_settings_there_is_none(cloud, aws, config, write):
    local = config / "local.toml"
    local.write_text(local.read_text().replace(CONNECTION, ""))
    apply_seed(cloud, write())
    assert aws("codeconnections").list_connections()["Connections"] == []


def test_a_bucket_for_the_data_is_there_too(write):
    buckets = read(write('\n[data]\nuri = "s3://of-its-own/some/where/"\n'))["buckets"]
    assert [bucket["name"] for bucket in buckets] == [BUCKET, "of-its-own"]
    assert buckets[0]["objects"] == []
    (example,) = buckets[1]["objects"]
    assert (example["key"], example["if_empty"]) == ("some/where/churn.csv", "some/where/")


def test_own_data_gets_no_example_beside_it(write):
    assert read(write('\n[data]\ntarget = "mine"\n'))["buckets"] == [{"name": BUCKET, "objects": []}]


def test_account_region_and_interpreter_are_in_it(write):
    content = read(write())
    assert (content["account"], content["region"]) == ("000000000000", "eu-west-1")
    assert [image["python"] for image in content["images"]] == [sys.executable]


def test_a_role_or_connection_of_another_account_is_not_created(config, write):
    local = config / "local.toml"
    other = local.read_text().replace("eu-west-1:000000000000:connection", "eu-west-1:111122223333:connection")
    theirs = 'account_id = ""\nbucket = "named"\nrole_arn = "arn:aws:iam::111122223333:role/theirs"'
    theirs += '\nhosting_role_arn = "arn:aws:iam::111122223333:role/theirs"'
    local.write_text(other.replace('account_id = "000000000000"', theirs))
    content = read(write())
    assert (content["roles"], content["connections"]) == ([], [])


def test_example_data_is_kept_until_its_sources_change(tmp_path, monkeypatch):
    first = seed.example(tmp_path)
    written = []
    monkeypatch.setattr(example_data, "write", lambda file, rows: written.append(file) or file.write_text("a\n"))
    assert seed.example(tmp_path) == first
    assert written == []
    monkeypatch.setattr(seed, "EXAMPLE_SOURCES", ("pipelines/example_data.py",))
    assert seed.example(tmp_path).read_text() == "a\n"
    assert written != [first]
    assert len(written) == 1


@pytest.fixture
def computed(monkeypatch):
    """The number of times that a seed was computed, as a list."""
    times, compute = [], seed.seed
    monkeypatch.setattr(seed, "seed", lambda *where: times.append(where) or compute(*where))
    return times


def test_the_seed_is_kept_until_the_settings_change(write, computed):
    first = read(write())
    assert read(write()) == first
    assert len(computed) == 1
    file = write('\n[data]\ntarget = "mine"\n')
    assert read(file) != first
    assert len(computed) == 2
    file.write_text("{")
    assert read(write())["buckets"][0]["objects"] == []
    assert len(computed) == 3


def test_the_seed_is_kept_until_the_code_changes(write, computed, tmp_path, monkeypatch):
    for room in ("settings", "pipelines", "rehearsal"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(seed, "ROOT", tmp_path)
    write()
    write()
    assert len(computed) == 1
    for number, file in enumerate(("settings/model.py", "pipelines/image.py", "pipelines/example_churn.py")):
        (tmp_path / file).write_text((tmp_path / file).read_text() + "\n")
        write()
        assert len(computed) == 2 + number


def test_a_deleted_example_is_created_again(write):
    file = Path(read(write())["buckets"][0]["objects"][0]["file"])
    before = file.read_bytes()
    file.unlink()
    assert Path(read(write())["buckets"][0]["objects"][0]["file"]).read_bytes() == before


def test_settings_that_are_wrong_are_refused_in_their_own_words(write, tmp_path):
    with pytest.raises(SettingsProblem, match="targt"):
        write("\n[data]\ntargt = 'x'\n")
    assert not (tmp_path / "state/seed.json").exists()


def test_a_folder_that_cannot_be_written_is_a_sentence(config, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(Problem, match=r"nothing can be written to .*/file \(.*\): choose another with --folder"):
        seed.write(tmp_path / "file", config)
