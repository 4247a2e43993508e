"""A definition that AWS would refuse is refused with the reason."""

import copy
import json

import pytest

from localcloud.services.sagemaker.pipelines.definition_checks import definition_problems


def processing(name, arguments, outputs=(), files=()):
    return {
        "Name": name,
        "Type": "Processing",
        "PropertyFiles": [{"PropertyFileName": file, "OutputName": out, "FilePath": "x.json"} for file, out in files],
        "Arguments": {
            "RoleArn": "arn:aws:iam::111122223333:role/churn",
            "AppSpecification": {"ImageUri": "image", "ContainerArguments": arguments},
            "ProcessingResources": {
                "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 30}
            },
            "ProcessingOutputConfig": {
                "Outputs": [
                    {
                        "OutputName": out,
                        "S3Output": {"S3Uri": "s3://b/x", "LocalPath": "/x", "S3UploadMode": "EndOfJob"},
                    }
                    for out in outputs
                ]
            },
        },
    }


GOOD = {
    "Version": "2020-12-01",
    "Parameters": [
        {"Name": "Threshold", "Type": "Float", "DefaultValue": 1},
        {"Name": "Mode", "Type": "String", "DefaultValue": "a", "EnumValues": ["a", "b"]},
    ],
    "Steps": [
        processing("Make", [{"Get": "Parameters.Mode"}], ["out"], [("Report", "out")]),
        processing("Use", [{"Get": "Steps.Make.ProcessingOutputConfig.Outputs['out'].S3Output.S3Uri"}]),
        {
            "Name": "Gate",
            "Type": "Condition",
            "Arguments": {
                "Conditions": [
                    {
                        "Type": "LessThanOrEqualTo",
                        "LeftValue": {
                            "Std:JsonGet": {"PropertyFile": {"Get": "Steps.Make.PropertyFiles.Report"}, "Path": "x"}
                        },
                        "RightValue": {"Get": "Parameters.Threshold"},
                    }
                ],
                "IfSteps": [],
                "ElseSteps": [
                    {
                        "Name": "Stop",
                        "Type": "Fail",
                        "Arguments": {
                            "ErrorMessage": {"Std:Join": {"On": "", "Values": ["x", {"Get": "Parameters.Threshold"}]}}
                        },
                    }
                ],
            },
        },
    ],
}


def problems(change=None):
    definition = copy.deepcopy(GOOD)
    if change:
        change(definition)
    return definition_problems(json.dumps(definition))


def test_a_valid_definition_has_no_problems():
    assert problems() == []


@pytest.mark.parametrize("body", ["{", "[]", "{}", '{"Version": "2020-12-01"}', '{"Version": "2021", "Steps": [1]}'])
def test_what_is_no_definition_at_all(body):
    (problem,) = definition_problems(body)
    assert problem.startswith("the definition ")


def edit(*path, value):
    """A change that sets one value."""

    def change(definition):
        place = definition
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value

    return change


ARGUMENTS = ("Steps", 1, "Arguments", "AppSpecification", "ContainerArguments")
MESSAGE = ("Steps", 2, "Arguments", "ElseSteps", 0, "Arguments", "ErrorMessage")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (edit("Steps", 1, "Name", value="Make"), "the step name 'Make' is used twice"),
        (edit("Steps", 1, "Name", value="U se"), "the step name 'U se' must match"),
        (edit("Steps", 1, "Type", value="Lambada"), "Use: the step type 'Lambada' is unknown"),
        (edit("Parameters", 1, "Name", value="Threshold"), "the parameter name 'Threshold' is used twice"),
        (edit("Parameters", 0, "Type", value="Double"), "the parameter Threshold has the unknown type 'Double'"),
        (edit("Parameters", 0, "DefaultValue", value="1"), "the parameter Threshold is Float, its default '1' is not"),
        (
            edit("Parameters", 0, "DefaultValue", value=True),
            "the parameter Threshold is Float, its default True is not",
        ),
        (edit("Parameters", 1, "DefaultValue", value="c"), "the default 'c', which is not one of its values"),
        (edit(*ARGUMENTS, value=[{"Get": "Parameters.Nope"}]), "Use: Parameters.Nope refers to nothing"),
        (edit(*ARGUMENTS, value=[{"Get": "Steps.Nope.X"}]), "Use: Steps.Nope.X refers to nothing"),
        (edit(*ARGUMENTS, value=[{"Get": "Execution.Nope"}]), "Use: Execution.Nope refers to nothing"),
        (edit(*ARGUMENTS, value=[{"Get": "Steps.Make.P.Outputs['no'].X"}]), "Make has no output 'no'"),
        (
            edit(*MESSAGE, value={"Get": "Steps.Make.PropertyFiles.No"}),
            "Stop: Steps.Make.PropertyFiles.No: Make has no",
        ),
        (edit("Steps", 0, "PropertyFiles", 0, "OutputName", value="no"), "property file Report is in no output"),
        (
            edit(*ARGUMENTS, value=[1]),
            "Use: CreateProcessingJob.AppSpecification.ContainerArguments[0]: 1 is not a string",
        ),
        (
            edit("Parameters", value=[*GOOD["Parameters"], *({"Name": f"P{n}", "Type": "String"} for n in range(199))]),
            "201 parameters, at most 200 allowed",
        ),
    ],
)
def test_each_fault_is_named(change, message):
    assert any(message in problem for problem in problems(change)), problems(change)
