"""A fresh local account has what the first command of the README needs, and nothing of its owner's is touched."""

import pytest

from localcloud import furnish
from pipelines import example_data

BUCKET = "churn-local-000000000000-eu-west-1"
ROLE = "churn-local-execution"


@pytest.fixture(autouse=True)
def few_rows(monkeypatch):
    monkeypatch.setattr(furnish, "ROWS", 50)


@pytest.fixture
def services():
    return []


def keys(s3):
    return [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def test_the_bucket_the_role_and_example_data_are_made_once(cloud, aws, tmp_path):
    for _ in range(2):
        furnish.furnish(cloud, tmp_path)
        assert keys(aws("s3")) == ["churn/data/churn.csv"]
        body = aws("s3").get_object(Bucket=BUCKET, Key="churn/data/churn.csv")["Body"].read()
        assert len(body.splitlines()) == 51
        (role,) = aws("iam").list_roles()["Roles"]
        assert role["Arn"] == f"arn:aws:iam::000000000000:role/{ROLE}"
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "sagemaker.amazonaws.com"}


def test_what_was_furnished_says_so(cloud, aws, tmp_path):
    furnish.furnish(cloud, tmp_path)
    tag = [{"Key": "furnished-by", "Value": "localcloud"}]
    assert aws("s3").get_bucket_tagging(Bucket=BUCKET)["TagSet"] == tag
    assert aws("iam").list_role_tags(RoleName=ROLE)["Tags"] == tag
    assert aws("s3").get_bucket_location(Bucket=BUCKET)["LocationConstraint"] == "eu-west-1"


def test_what_is_there_is_left_alone(cloud, aws, tmp_path):
    s3 = aws("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket=BUCKET, Key="churn/data/mine.csv", Body=b"a\n1\n")
    aws("iam").create_role(RoleName=ROLE, AssumeRolePolicyDocument="{}", Description="mine")
    furnish.furnish(cloud, tmp_path)
    assert keys(s3) == ["churn/data/mine.csv"]
    with pytest.raises(s3.exceptions.ClientError, match="TagSet"):
        s3.get_bucket_tagging(Bucket=BUCKET)
    assert aws("iam").get_role(RoleName=ROLE)["Role"]["Description"] == "mine"


def test_example_data_is_kept_until_what_makes_it_changes(cloud, tmp_path, monkeypatch):
    furnish.furnish(cloud, tmp_path)
    (kept,) = tmp_path.glob("*.csv")
    made = []
    monkeypatch.setattr(example_data, "write", lambda file, rows: made.append(file) or file.write_text("a\n"))
    furnish._example(tmp_path)
    assert made == []
    monkeypatch.setattr(furnish, "MAKERS", ("example_data.py",))
    assert furnish._example(tmp_path) == b"a\n"
    assert made != [kept]
    assert len(made) == 1
