"""What production ships becomes the champion that runs compare with."""

import json

import pytest

from release.context import Context
from release.verdict.champion import update_champion
from settings.loader import load

MAKER = "churn-local-000000000000-eu-west-1"
KEY, MODEL = "churn/runs/1/evaluation.json", "churn/runs/1/model.tar.gz"
PACKAGE = {
    "ModelPackageArn": "arn:aws:sagemaker:eu-west-1:000000000000:model-package/churn/7",
    "InferenceSpecification": {"Containers": [{"ModelDataUrl": f"s3://{MAKER}/{MODEL}"}]},
    "ModelMetrics": {"ModelQuality": {"Statistics": {"S3Uri": f"s3://{MAKER}/{KEY}"}}},
}


@pytest.fixture
def context(aws):
    aws("s3").create_bucket(Bucket=MAKER, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    lines = []
    return Context(load("prod+local"), aws, lines.append), lines


def stored(aws, name):
    return aws("s3").get_object(Bucket=MAKER, Key=f"churn/champion/{name}")["Body"].read()


def test_the_champion_is_in_the_bucket_of_training_not_of_serving(context, aws):
    aws("s3").put_object(Bucket=MAKER, Key=KEY, Body=b'{"gate": 1}')
    aws("s3").put_object(Bucket=MAKER, Key=MODEL, Body=b"a model")
    update_champion(context[0], PACKAGE)
    assert stored(aws, "model.tar.gz") == b"a model"
    assert json.loads(stored(aws, "evaluation.json")) == {"gate": 1, "champion": "churn/7"}


@pytest.mark.parametrize("evaluation", [None, b"{", b"[]"])
def test_without_its_evaluation_the_model_is_the_champion_all_the_same(context, aws, evaluation):
    aws("s3").put_object(Bucket=MAKER, Key=MODEL, Body=b"a model")
    if evaluation is not None:
        aws("s3").put_object(Bucket=MAKER, Key=KEY, Body=evaluation)
    update_champion(context[0], PACKAGE)
    assert stored(aws, "model.tar.gz") == b"a model"
    assert json.loads(stored(aws, "evaluation.json")) == {"champion": "churn/7"}


def test_without_a_model_the_champion_stays(context, aws):
    update_champion(context[0], PACKAGE)
    assert "is gone: runs keep comparing with the previous champion" in context[1][0]
    update_champion(context[0], {"ModelPackageArn": PACKAGE["ModelPackageArn"]})
    assert aws("s3").list_objects_v2(Bucket=MAKER)["KeyCount"] == 0
