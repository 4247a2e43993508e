"""The reminder of the data that the first build reads."""

import pytest

from codepipeline.aws_cli import AwsCli
from codepipeline.raw_data import problem, reminder
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


def test_nothing_is_reported_when_data_is_there(remind, aws):
    put(aws, "churn/data/2026/a.csv", b"a")
    assert remind() == ""


@pytest.fixture
def arrival(at, cloud, aws):
    """Settings whose data is in another bucket, and what is wrong with it."""
    data = '[data]\nuri = "s3://raw-data/churn"\n[retraining]\ndata_arrival = "churn/*/_SUCCESS"\n'
    settings = load("local", at(cloud, local=data))
    return lambda: problem(settings, aws("s3"))


def create_raw_data(aws):
    aws("s3").create_bucket(Bucket="raw-data", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})


def test_arrivals_in_a_bucket_that_sends_no_events_are_refused(arrival, aws):
    assert "there is no bucket raw-data" in arrival()
    create_raw_data(aws)
    assert "retraining.data_arrival = 'churn/*/_SUCCESS': the bucket raw-data sends no events" in arrival()


def test_arrivals_in_a_bucket_that_sends_events_are_accepted(arrival, aws):
    create_raw_data(aws)
    configuration = {"EventBridgeConfiguration": {}}
    aws("s3").put_bucket_notification_configuration(Bucket="raw-data", NotificationConfiguration=configuration)
    assert arrival() == ""


@pytest.mark.slow
def test_the_own_bucket_needs_no_check(at, cloud, aws):
    settings = load("local", at(cloud, local='[retraining]\ndata_arrival = "churn/*/_SUCCESS"\n'))
    assert problem(settings, None) == ""
