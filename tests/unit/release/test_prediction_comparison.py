"""The same recorded requests to both models: which they are, how they are counted, and what is compared."""

import io
import json
from datetime import UTC, datetime

import pytest

from release import prediction_comparison
from release.context import Context
from release.invocation import Request
from release.prediction_comparison import compare_models, named_rows
from release.samples import Samples
from settings.loader import load

ARN = "arn:aws:sagemaker:eu-west-1:000000000000:model-package/churn/{}"
NOW = datetime(2026, 12, 1, tzinfo=UTC)
COLUMNS = Samples(("age", "plan"), ())


class Account:
    """Endpoints that answer by a function of a row's text, and the packages that they were made from."""

    def __init__(self, **endpoints):
        self.endpoints, self.requests, self.objects = endpoints, [], {}
        self.samples = {"6": b"age,plan\n33,basic\n44,pro\n", "7": b"plan,city,age\nbasic,here,33\npro,there,44\n"}

    def describe_endpoint(self, EndpointName):
        return {
            "EndpointName": EndpointName,
            "EndpointArn": f"arn:{EndpointName}",
            "EndpointStatus": "InService",
            "EndpointConfigName": EndpointName,
            "CreationTime": NOW,
            "LastModifiedTime": NOW,
            "ProductionVariants": [],
            "ResponseMetadata": {"HTTPHeaders": {"date": "Tue, 01 Dec 2026 00:00:00 GMT"}},
        }

    def describe_endpoint_config(self, EndpointConfigName):
        return {"ProductionVariants": [{"ModelName": EndpointConfigName}]}

    def describe_model(self, ModelName):
        return {"Containers": [{"ModelPackageName": ARN.format(self.endpoints[ModelName][0])}]}

    def describe_model_package(self, ModelPackageName):
        version = ModelPackageName.rpartition("/")[2]
        metadata = {"problem": "binary", "sample_requests": f"s3://bucket/{version}"}
        return {"ModelPackageArn": ModelPackageName, "CustomerMetadataProperties": metadata}

    def get_object(self, Key, **_):
        return {"Body": io.BytesIO(self.samples[Key])}

    def invoke_endpoint(self, EndpointName, Body, **_):
        self.requests.append((EndpointName, Body.decode()))
        answers = "".join(f"{self.endpoints[EndpointName][1](row)}\n" for row in Body.decode().split())
        return {"Body": io.BytesIO(answers.encode()), "ContentType": "text/csv"}


@pytest.fixture
def run(monkeypatch):
    def run(account, traffic=()):
        monkeypatch.setattr(prediction_comparison.recorded_traffic, "read", lambda _: list(traffic))
        staging, production = (
            Context(load(env), lambda _: account, lambda _: None) for env in ("staging+local", "prod+local")
        )
        return compare_models(staging, production, account.describe_model_package(ARN.format(7)))

    return run


def test_samples_are_sent_to_each_model_in_the_order_of_its_own_columns(run):
    account = Account(**{"churn-prod": ("6", lambda _: "no,0.3"), "churn-staging": ("7", lambda _: "no,0.4")})
    comparison = run(account)
    assert dict(account.requests) == {
        "churn-prod": "33,basic\n44,pro\n",
        "churn-staging": "basic,here,33\npro,there,44\n",
    }
    assert comparison.text == (
        "Of 2 rows of the package's samples, 0 labels differ from the live churn/6 (0.0%); scores shift by +0.1, "
        "at most by 0.1."
    )


def test_captured_traffic_is_sent_to_both_as_it_came(run):
    account = Account(**{"churn-prod": ("6", lambda _: "no,0.3"), "churn-staging": ("7", lambda row: "yes,0.9")})
    comparison = run(account, [Request(b"51,pro\n52,pro\n", "text/csv"), Request(b"1\n", "text/csv")])
    assert account.requests[:2] == [("churn-prod", "51,pro\n52,pro\n"), ("churn-staging", "51,pro\n52,pro\n")]
    assert comparison.text.startswith("Of 3 rows of captured traffic, 3 labels differ from the live churn/6 (100.0%)")
    assert "churn/7 against the live churn/6" in comparison.document


def test_what_the_candidate_refuses_is_a_change_and_what_the_live_model_refuses_is_not_compared(run):
    def number(row):
        return "not an answer" if row.startswith("51") else "no,0.3"

    traffic = [Request(b"51,pro\n", "text/csv"), Request(b"52,pro\n", "text/csv")]
    candidate = Account(**{"churn-prod": ("6", lambda _: "no,0.3"), "churn-staging": ("7", number)})
    assert "Of 2 rows of captured traffic, 0 labels differ" in (text := run(candidate, traffic).text)
    assert "it refuses 1 (50.0%)" in text
    live = Account(**{"churn-prod": ("6", number), "churn-staging": ("7", lambda _: "no,0.3")})
    assert "Of 1 rows of captured traffic" in run(live, traffic).text


def test_what_keeps_models_from_being_compared_is_in_the_text(run):
    good = {"churn-prod": ("6", lambda _: "no,0.3"), "churn-staging": ("7", lambda _: "no,0.4")}
    other = Account(**(good | {"churn-staging": ("5", lambda _: "no,0.4")}))
    assert run(other).text == "Predictions were not compared: staging does not serve this package."
    needs = Account(**good)
    needs.samples["6"] = b"age,plan,street\n33,basic,x\n"
    assert run(needs).text == (
        "Predictions were not compared: the package's samples gave no answers of the live model."
    )
    none = Account(**good)
    none.describe_model = lambda **_: {"Containers": [{}]}
    assert run(none).text == "No live model to compare predictions with."


@pytest.mark.parametrize(
    ("content_type", "body", "rows"),
    [
        ("text/csv", "33,basic\n44,\n", [{"age": "33", "plan": "basic"}, {"age": "44", "plan": ""}]),
        ("text/csv", "plan,age\nbasic,33\n", [{"age": "33", "plan": "basic"}]),
        ("text/csv", "1,2,3\n", [{}]),
        ("application/json", json.dumps({"instances": [{"age": 33, "plan": None}]}), [{"age": "33", "plan": ""}]),
        ("application/json", json.dumps({"instances": [[33, "pro"]]}), [{"age": "33", "plan": "pro"}]),
        ("application/jsonlines", '{"age": 1}\n\n{"age": 2}\n', [{"age": "1"}, {"age": "2"}]),
        ("application/json", "{", []),
        ("application/json", "[1]", []),
    ],
)
def test_the_rows_of_a_request_by_column(content_type, body, rows):
    assert named_rows(Request(body.encode(), content_type), COLUMNS) == rows
