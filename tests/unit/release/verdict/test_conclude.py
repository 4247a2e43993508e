"""What ships becomes the champion that scheduled runs compare with."""

import pytest

from release.context import Site
from release.verdict.conclude import crown
from settings.loader import load

MAKER = "churn-local-000000000000-eu-west-1"
KEY = "churn/runs/1/evaluation.json"
PACKAGE = {"ModelMetrics": {"ModelQuality": {"Statistics": {"S3Uri": f"s3://{MAKER}/{KEY}"}}}}


@pytest.fixture
def site(aws):
    aws("s3").create_bucket(Bucket=MAKER, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    said = []
    site = Site(load("prod+local"), aws, said.append)
    return site, said


def test_it_is_crowned_where_models_are_made_not_where_they_serve(site, aws):
    aws("s3").put_object(Bucket=MAKER, Key=KEY, Body=b'{"gate": 1}')
    crown(site[0], PACKAGE)
    found = aws("s3").get_object(Bucket=MAKER, Key="churn/champion/evaluation.json")["Body"].read()
    assert found == b'{"gate": 1}'


def test_without_an_evaluation_the_champion_stays(site, aws):
    crown(site[0], PACKAGE)
    assert "is gone: scheduled runs go on comparing with the one before" in site[1][0]
    crown(site[0], {})
    assert aws("s3").list_objects_v2(Bucket=MAKER)["KeyCount"] == 0
