"""What ships becomes the champion that scheduled runs compare with."""

import pytest

from release.context import Context
from release.verdict.conclude import update_champion
from settings.loader import load

MAKER = "churn-local-000000000000-eu-west-1"
KEY = "churn/runs/1/evaluation.json"
PACKAGE = {"ModelMetrics": {"ModelQuality": {"Statistics": {"S3Uri": f"s3://{MAKER}/{KEY}"}}}}


@pytest.fixture
def context(aws):
    aws("s3").create_bucket(Bucket=MAKER, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    lines = []
    return Context(load("prod+local"), aws, lines.append), lines


def test_the_champion_is_in_the_bucket_of_training_not_of_serving(context, aws):
    aws("s3").put_object(Bucket=MAKER, Key=KEY, Body=b'{"gate": 1}')
    update_champion(context[0], PACKAGE)
    found = aws("s3").get_object(Bucket=MAKER, Key="churn/champion/evaluation.json")["Body"].read()
    assert found == b'{"gate": 1}'


def test_without_an_evaluation_the_champion_stays(context, aws):
    update_champion(context[0], PACKAGE)
    assert "is gone: scheduled runs keep comparing with the previous champion" in context[1][0]
    update_champion(context[0], {})
    assert aws("s3").list_objects_v2(Bucket=MAKER)["KeyCount"] == 0
