"""A fresh local account has what the first command of the README needs, and nothing of its owner's is touched."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from localcloud.core.errors import Problem
from localcloud.core.seeding import furnish
from pipelines import example_data
from rehearsal import seed
from rehearsal.seed import Question

BUCKET = "churn-local-000000000000-eu-west-1"
ROLE = "churn-local-execution"
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def few_rows(monkeypatch):
    monkeypatch.setattr(seed, "ROWS", 50)


@pytest.fixture
def services():
    return []


def keys(s3):
    return [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def test_the_bucket_the_role_and_example_data_are_made_once(cloud, aws, tmp_path):
    for _ in range(2):
        furnish(cloud, seed.wanted(tmp_path))
        assert keys(aws("s3")) == ["churn/data/churn.csv"]
        body = aws("s3").get_object(Bucket=BUCKET, Key="churn/data/churn.csv")["Body"].read()
        assert len(body.splitlines()) == 51
        (role,) = aws("iam").list_roles()["Roles"]
        assert role["Arn"] == f"arn:aws:iam::000000000000:role/{ROLE}"
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "sagemaker.amazonaws.com"}


def test_what_was_furnished_says_so(cloud, aws, tmp_path):
    furnish(cloud, seed.wanted(tmp_path))
    tag = [{"Key": "seeded-by", "Value": "localcloud"}]
    assert aws("s3").get_bucket_tagging(Bucket=BUCKET)["TagSet"] == tag
    assert aws("iam").list_role_tags(RoleName=ROLE)["Tags"] == tag
    assert aws("s3").get_bucket_location(Bucket=BUCKET)["LocationConstraint"] == "eu-west-1"


def test_what_is_there_is_left_alone(cloud, aws, tmp_path):
    s3 = aws("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket=BUCKET, Key="churn/data/mine.csv", Body=b"a\n1\n")
    aws("iam").create_role(RoleName=ROLE, AssumeRolePolicyDocument="{}", Description="mine")
    furnish(cloud, seed.wanted(tmp_path))
    assert keys(s3) == ["churn/data/mine.csv"]
    with pytest.raises(s3.exceptions.ClientError, match="TagSet"):
        s3.get_bucket_tagging(Bucket=BUCKET)
    assert aws("iam").get_role(RoleName=ROLE)["Role"]["Description"] == "mine"


def test_example_data_is_kept_until_what_makes_it_changes(tmp_path, monkeypatch):
    kept = seed.example(tmp_path)
    made = []
    monkeypatch.setattr(example_data, "write", lambda file, rows: made.append(file) or file.write_text("a\n"))
    assert seed.example(tmp_path) == kept
    assert made == []
    monkeypatch.setattr(seed, "MAKERS", ("pipelines/example_data.py",))
    assert seed.example(tmp_path).read_text() == "a\n"
    assert made != [kept]
    assert len(made) == 1


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A copy of what the answer follows from, to be changed."""
    for room in ("config", "settings", "aws", "pipelines", "rehearsal"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(seed, "CHECKOUT", tmp_path)
    monkeypatch.setattr(seed, "CONFIG", tmp_path / "config")
    return tmp_path


def answered(kept):
    with closing(Question(kept)) as asked:
        return asked.answer()


def test_the_answer_is_kept_until_the_settings_change(checkout, monkeypatch):
    kept, local = checkout / "kept", checkout / "config/local.toml"
    first = answered(kept)
    assert first.bucket == BUCKET
    started = []
    process = seed._process
    monkeypatch.setattr(seed, "_process", lambda kept: started.append(kept) or process(kept))
    assert answered(kept) == first
    assert started == []
    local.write_text(local.read_text() + '\n[data]\ntarget = "mine"\n')
    assert answered(kept).example == ""
    assert len(started) == 1
    (remembered,) = kept.glob("wanted-*.json")
    remembered.write_text("{")
    assert answered(kept).example == ""
    assert len(started) == 2


def test_an_example_that_was_taken_away_is_made_again(checkout):
    file = Path(answered(checkout / "kept").example)
    before = file.read_bytes()
    file.unlink()
    assert Path(answered(checkout / "kept").example).read_bytes() == before


def test_settings_that_are_wrong_are_told_in_their_own_words(checkout):
    (checkout / "config/local.toml").write_text("[data]\ntargt = 'x'\n")
    with pytest.raises(Problem, match="targt"):
        answered(checkout / "kept")
