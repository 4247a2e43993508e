"""The reminder of the data that the first build reads."""

import pytest

from codepipeline.aws_cli import AwsCli
from codepipeline.raw_data import reminder
from settings.loader import load

BUCKET = "churn-dev-000000000000-eu-west-1"
URI = f"s3://{BUCKET}/churn/data"


@pytest.fixture
def remind(at, cloud, aws):
    settings = load("dev", at(cloud))
    return lambda: reminder(settings, aws("s3"), AwsCli(settings))


def put(aws, key, body):
    s3 = aws("s3")
    if BUCKET not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket=BUCKET, Key=key, Body=body)


def test_without_a_bucket_it_has_the_command(remind):
    assert f"there is no data at {URI}" in remind()
    assert f"aws s3 cp --recursive FOLDER {URI} --region eu-west-1" in remind()


def test_an_empty_folder_is_no_data(remind, aws):
    put(aws, "churn/data/", b"")
    put(aws, "churn/other/a.csv", b"a")
    assert f"there is no data at {URI}" in remind()


def test_nothing_is_said_when_data_is_there(remind, aws):
    put(aws, "churn/data/2026/a.csv", b"a")
    assert remind() == ""
