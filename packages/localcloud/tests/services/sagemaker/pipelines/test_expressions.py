import json

import pytest

from localcloud.services.sagemaker.pipelines.conditions import holds
from localcloud.services.sagemaker.pipelines.expressions import Scope, Unresolved, references

OUTPUTS = {"Outputs": [{"OutputName": "train", "S3Output": {"S3Uri": "s3://b/run/train"}}]}
METRICS = [{"MetricName": "validation:auc", "Value": 0.85}, {"MetricName": "train:auc", "Value": 0.9}]
FILES = {("Evaluate", "Report"): {"OutputName": "train", "FilePath": "evaluation.json"}}


@pytest.fixture
def scope():
    objects = {"s3://b/run/train/evaluation.json": json.dumps({"gate": {"value": 0.9, "all": [1, 2]}}).encode()}
    return Scope(
        parameters={"Threshold": 0.8},
        execution={"PipelineExecutionId": "abc"},
        property_files=FILES,
        read=objects.__getitem__,
        steps={
            "Prep": {"ProcessingOutputConfig": OUTPUTS},
            "Train": {"FinalMetricDataList": METRICS},
            "Evaluate": {"ProcessingOutputConfig": OUTPUTS},
        },
    )


def json_get(path, name="Report"):
    return {"Std:JsonGet": {"PropertyFile": {"Get": f"Steps.Evaluate.PropertyFiles.{name}"}, "Path": path}}


def test_every_kind_of_reference(scope):
    node = {
        "Uri": {"Std:Join": {"On": "/", "Values": ["s3://b", {"Get": "Execution.PipelineExecutionId"}, 3]}},
        "Train": {"Get": "Steps.Prep.ProcessingOutputConfig.Outputs['train'].S3Output.S3Uri"},
        "Metric": {"Get": "Steps.Train.FinalMetricDataList['train:auc'].Value"},
        "Value": json_get("gate.value"),
        "Item": json_get("gate.all[1]"),
        "Plain": [1, "x", None, {"Get": "Parameters.Threshold"}],
    }
    assert scope.resolve(node) == {
        "Uri": "s3://b/abc/3",
        "Train": "s3://b/run/train",
        "Metric": 0.9,
        "Value": 0.9,
        "Item": 2,
        "Plain": [1, "x", None, 0.8],
    }


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ({"Get": "Parameters.Nothing"}, "Nothing"),
        ({"Get": "Steps.Later.Arn"}, "step Later has not run"),
        ({"Get": "Steps.Prep.ProcessingOutputConfig.Outputs['test'].S3Output"}, "'test'"),
        ({"Get": "Secrets.Key"}, "does not start with"),
        (json_get("gate.missing"), "missing"),
        (json_get("gate.value", "Other"), "declares no property file Other"),
    ],
)
def test_a_missing_value_is_named(scope, node, message):
    with pytest.raises(Unresolved, match=message):
        scope.resolve(node)


def test_a_property_file_that_is_not_json_is_named(scope):
    scope.read = lambda uri: b"<html>"
    with pytest.raises(Unresolved, match="Report at s3://b/run/train/evaluation.json"):
        scope.resolve(json_get("gate.value"))


def test_references_name_the_steps_an_argument_waits_for():
    assert references([{"Get": "Steps.A.X"}, {"y": json_get("v")}, {"Get": "Parameters.P"}]) == {"A", "Evaluate"}


def comparison(kind, left, right):
    return {"Type": kind, "LeftValue": left, "RightValue": right}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (comparison("Equals", "a", "a"), True),
        (comparison("GreaterThan", 1, 1), False),
        (comparison("GreaterThanOrEqualTo", json_get("gate.value"), {"Get": "Parameters.Threshold"}), True),
        (comparison("LessThan", 2, 1), False),
        (comparison("LessThanOrEqualTo", 1, 1), True),
        ({"Type": "In", "QueryValue": "a", "Values": ["b", "a"]}, True),
        ({"Type": "In", "QueryValue": "c", "Values": ["b", "a"]}, False),
        ({"Type": "Not", "Condition": comparison("Equals", 1, 1)}, False),
        ({"Type": "Or", "Conditions": [comparison("Equals", 1, 2), comparison("Equals", 1, 1)]}, True),
        ({"Type": "Or", "Conditions": [comparison("Equals", 1, 2)]}, False),
    ],
)
def test_conditions(scope, condition, expected):
    assert holds(condition, scope.resolve) is expected


def test_an_unknown_condition_is_refused(scope):
    with pytest.raises(ValueError, match="Sometimes"):
        holds({"Type": "Sometimes"}, scope.resolve)
