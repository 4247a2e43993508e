"""A fresh local account has what the first command of the README needs, and nothing of its owner's is touched."""

from localcloud import furnish

BUCKET = "churn-local-000000000000-eu-west-1"


def keys(s3):
    return [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def test_the_bucket_and_example_data_are_made_once(cloud, aws, monkeypatch):
    monkeypatch.setattr(furnish, "ROWS", 50)
    furnish.furnish(aws("s3"))
    assert keys(aws("s3")) == ["churn/data/churn.csv"]
    body = aws("s3").get_object(Bucket=BUCKET, Key="churn/data/churn.csv")["Body"].read()
    assert len(body.splitlines()) == 51
    furnish.furnish(aws("s3"))
    assert aws("s3").get_object(Bucket=BUCKET, Key="churn/data/churn.csv")["Body"].read() == body


def test_data_that_is_there_is_left_alone(cloud, aws):
    s3 = aws("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket=BUCKET, Key="churn/data/mine.csv", Body=b"a\n1\n")
    furnish.furnish(s3)
    assert keys(s3) == ["churn/data/mine.csv"]
