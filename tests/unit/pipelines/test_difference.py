"""The difference that is printed before an update: complete, without repetition, and short."""

import copy
import json
import random

import pytest

from pipelines.difference import diff, flatten_steps, truncate

OLD_CODE, NEW_CODE = "a1b2c3d4" * 8, "e5f60718" * 8


def processing(name, code=OLD_CODE, *arguments):
    return {
        "Name": name,
        "Type": "Processing",
        "Arguments": {
            "AppSpecification": {"ImageUri": "image:1", "ContainerArguments": ["--target", "churned", *arguments]},
            "ProcessingInputs": [
                {"InputName": "code", "S3Input": {"S3Uri": f"s3://bucket/code/{code}"}},
                {"InputName": "raw", "S3Input": {"S3Uri": {"Get": "Parameters.InputDataUri"}}},
            ],
        },
    }


@pytest.fixture
def definition():
    register = {"Name": "Register", "Type": "RegisterModel", "Arguments": {"ModelPackageGroupName": "churn"}}
    refuse = {"Name": "Refuse", "Type": "Fail", "Arguments": {"ErrorMessage": "not good enough"}}
    gate = {
        "Name": "Gate",
        "Type": "Condition",
        "Arguments": {
            "Conditions": [{"Type": "GreaterThan", "LeftValue": 1, "RightValue": {"Get": "Parameters.Threshold"}}],
            "IfSteps": [register],
            "ElseSteps": [refuse],
        },
    }
    return {
        "Version": "2020-12-01",
        "Parameters": [
            {"Name": "InputDataUri", "Type": "String", "DefaultValue": "s3://bucket/data"},
            {"Name": "Threshold", "Type": "Float", "DefaultValue": 0.8},
        ],
        "Steps": [processing("Preprocess"), processing("Evaluate"), gate],
    }


@pytest.fixture
def changed(definition):
    return copy.deepcopy(definition)


def test_equal_definitions_give_nothing(definition, changed):
    assert diff(definition, changed) == []


def test_a_value_is_shown_with_its_path_and_both_sides(definition, changed):
    changed["Steps"][0]["Arguments"]["AppSpecification"]["ImageUri"] = "image:2"
    assert diff(definition, changed) == ["step Preprocess: Arguments.AppSpecification.ImageUri: image:1 -> image:2"]


def test_a_change_of_the_code_is_one_line_that_names_the_steps(definition, changed):
    changed["Steps"][:2] = [processing("Preprocess", NEW_CODE), processing("Evaluate", NEW_CODE)]
    assert diff(definition, changed) == ["code changed a1b2c3d4.. -> e5f60718.. (Preprocess, Evaluate)"]


def test_two_different_changes_of_code_are_two_lines(definition, changed):
    changed["Steps"][:2] = [processing("Preprocess", NEW_CODE), processing("Evaluate", "0" * 64)]
    assert len(diff(definition, changed)) == 2


def test_a_hash_of_code_in_the_metadata_is_the_same_line(definition, changed):
    for side, code in ((definition, OLD_CODE), (changed, NEW_CODE)):
        side["Steps"][0] = processing("Preprocess", code)
        side["Steps"][1]["Arguments"]["code_hash"] = code
    assert diff(definition, changed) == ["code changed a1b2c3d4.. -> e5f60718.. (Preprocess, Evaluate)"]


def test_another_hash_is_not_called_code(definition, changed):
    for side, key in ((definition, OLD_CODE), (changed, NEW_CODE)):
        side["Steps"][0]["Arguments"]["Checkpoints"] = f"s3://bucket/checkpoints/{key}"
    assert diff(definition, changed) == [
        "step Preprocess: Arguments.Checkpoints: s3://bucket/checkpoints/a1b2c3d4.. -> s3://bucket/checkpoints/e5f60718.."
    ]


def test_steps_inside_a_condition_are_found(definition, changed):
    changed["Steps"][2]["Arguments"]["IfSteps"][0]["Arguments"]["ModelPackageGroupName"] = "churn-dev"
    assert diff(definition, changed) == ["step Register: Arguments.ModelPackageGroupName: churn -> churn-dev"]


def test_steps_that_come_and_go(definition, changed):
    changed["Steps"][1] = processing("Judge")
    lines = diff(definition, changed)
    assert lines == ["step Evaluate removed (was Processing)", "step Judge added (Processing)"]


def test_parameters(definition, changed):
    changed["Parameters"] = [
        {"Name": "Threshold", "Type": "Float", "DefaultValue": 0.9, "EnumValues": [0.9, 0.95]},
        {"Name": "Instance", "Type": "String", "DefaultValue": "ml.m5.large"},
    ]
    assert diff(definition, changed) == [
        "parameter InputDataUri removed (was String, default s3://bucket/data)",
        "parameter Threshold: default: 0.8 -> 0.9",
        "parameter Threshold: allowed values added (0.9, 0.95)",
        "parameter Instance added (String, default ml.m5.large)",
    ]


def test_an_argument_put_in_front_is_one_line_under_its_flag(definition, changed):
    changed["Steps"][0] = processing("Preprocess", OLD_CODE, "--missing", "", "NA")
    changed["Steps"][0]["Arguments"]["AppSpecification"]["ContainerArguments"][1] = "left"
    assert diff(definition, changed) == [
        "step Preprocess: Arguments.AppSpecification.ContainerArguments --target: churned -> left",
        'step Preprocess: Arguments.AppSpecification.ContainerArguments --missing added ("", NA)',
    ]


def test_an_input_is_known_by_its_name_wherever_it_stands(definition, changed):
    inputs = changed["Steps"][0]["Arguments"]["ProcessingInputs"]
    inputs.insert(0, {"InputName": "champion", "S3Input": {"S3Uri": {"Get": "Parameters.Champion"}}})
    lines = diff(definition, changed)
    assert all("ProcessingInputs[champion]" in line for line in lines), lines
    assert any("Parameters.Champion" in line for line in lines)


@pytest.mark.parametrize(
    ("reference", "text"),
    [
        ({"Get": "Parameters.X"}, "Parameters.X"),
        ({"Std:Join": {"On": "/", "Values": ["s3://b", {"Get": "Execution.PipelineExecutionId"}]}}, "s3://b/Execution"),
        ({"Std:JsonGet": {"PropertyFile": {"Get": "Steps.E.PropertyFiles.R"}, "Path": "gate.value"}}, "R:gate.value"),
    ],
)
def test_references_read_as_people_write_them(definition, changed, reference, text):
    changed["Steps"][2]["Arguments"]["Conditions"][0]["LeftValue"] = reference
    (line,) = diff(definition, changed)
    assert "LeftValue: 1 -> " in line
    assert text in line


def test_a_change_of_type_alone_is_visible(definition, changed):
    changed["Parameters"][1]["DefaultValue"] = "0.8"
    assert diff(definition, changed) == ['parameter Threshold: default: 0.8 -> "0.8"']


def test_values_that_are_equal_in_python_only_differ(definition, changed):
    definition["Parameters"][1]["DefaultValue"] = 1
    changed["Parameters"][1]["DefaultValue"] = True
    assert diff(definition, changed) == ["parameter Threshold: default: 1 -> true"]


def test_a_long_value_is_cut_to_where_it_differs(definition, changed):
    for side, end in ((definition, "one"), (changed, "two")):
        side["Steps"][0]["Arguments"]["AppSpecification"]["ImageUri"] = "x" * 500 + end + "y" * 500
    (line,) = diff(definition, changed)
    assert "one" in line
    assert "two" in line
    assert len(line) < 250


def test_another_order_is_a_difference(definition, changed):
    changed["Steps"].reverse()
    assert diff(definition, changed) == ["the order of steps, parameters or arguments changed"]


def test_from_nothing_everything_is_added(definition):
    lines = diff({}, definition)
    added = [f"step {name} added" for name in ("Preprocess", "Evaluate", "Gate", "Register", "Refuse")]
    assert [line.split(" (")[0] for line in lines if line.startswith("step")] == added
    assert "parameter Threshold added (Float, default 0.8)" in lines
    assert len(lines) == 2 + 5


def test_steps_follow_the_diagram(definition):
    assert list(flatten_steps(definition)) == ["Preprocess", "Evaluate", "Gate", "Register", "Refuse"]


def test_output_is_bounded():
    lines = [str(number) for number in range(100)]
    assert truncate(lines)[-2:] == ["39", "and 60 more"]
    assert truncate(lines[:40]) == lines[:40]


def mutate(value, chance):
    """One random leaf changed, added or removed."""
    target = value
    while isinstance(target, dict | list) and target:
        key = chance.choice(list(target) if isinstance(target, dict) else range(len(target)))
        if key in ("Name", "Steps", "IfSteps", "ElseSteps", "Parameters") and not isinstance(target[key], list):
            return
        if not isinstance(target[key], dict | list) or not target[key]:
            action = chance.choice(("change", "remove", "retype"))
            if action == "remove" and isinstance(target, dict):
                del target[key]
            else:
                target[key] = f"{target[key]}!" if action == "change" else [target[key]]
            return
        target = target[key]


@pytest.mark.slow
def test_no_change_is_ever_hidden(definition):
    """Empty exactly when equal, for thousands of random changes."""
    chance = random.Random(7)  # noqa: S311
    seen = 0
    for _ in range(3000):
        changed = copy.deepcopy(definition)
        mutate(changed, chance)
        equal = json.dumps(changed, sort_keys=True) == json.dumps(definition, sort_keys=True)
        assert (diff(definition, changed) == []) == equal
        seen += not equal
    assert seen > 1000
