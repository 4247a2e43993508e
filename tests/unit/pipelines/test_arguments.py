"""--parameters: all problems are reported before any call, with the remedy."""

import pytest

from pipelines.arguments import parse_declarations, parse_values
from settings.errors import UsageProblem

PARAMETERS = parse_declarations(
    {
        "Parameters": [
            {"Name": "InputDataUri", "Type": "String", "DefaultValue": "s3://bucket/data"},
            {"Name": "Rounds", "Type": "Integer", "DefaultValue": 300},
            {"Name": "Threshold", "Type": "Float", "DefaultValue": 0.8},
            {"Name": "Spot", "Type": "Boolean", "DefaultValue": False},
            {"Name": "Approval", "Type": "String", "DefaultValue": "Pending", "EnumValues": ["Pending", "Approved"]},
        ]
    }
)


@pytest.mark.parametrize(
    ("pair", "value"),
    [
        ("InputDataUri=s3://b/a=b/c d", "s3://b/a=b/c d"),
        ("InputDataUri=", ""),
        ("Rounds=-5", "-5"),
        ("Rounds=007", "7"),
        ("Threshold=.5", ".5"),
        ("Threshold=1e-3", "1e-3"),
        ("Threshold=1", "1"),
        ("Spot=TRUE", "true"),
        ("Approval=Approved", "Approved"),
    ],
)
def test_valid_values_become_text(pair, value):
    assert parse_values([pair], PARAMETERS) == {pair.partition("=")[0]: value}


@pytest.mark.parametrize(
    ("pair", "sentence"),
    [
        ("Treshold=0.9", "'Treshold' is not declared: did you mean Threshold?"),
        ("input_data_uri=x", "'input_data_uri' is not declared: did you mean InputDataUri?"),
        ("Zebra=1", "'Zebra' is not declared\n"),
        ("=1", "'' is not declared"),
        ("Threshold", "Threshold has no value: write Threshold=VALUE"),
        ("Rounds=3.5", "Rounds=3.5: must be a whole number"),
        ("Rounds=1_000", "must be a whole number"),
        ("Rounds=٣", "must be a whole number"),
        ("Rounds=" + "9" * 5000, "must be a whole number"),
        ("Threshold=high", "Threshold=high: must be a number"),
        ("Threshold=nan", "must be a number"),
        ("Threshold=1e999", "must be a number"),
        ("Spot=yes", "Spot=yes: must be true or false"),
        ("Approval=Aproved", "must be one of Pending, Approved (did you mean Approved?)"),
        ("InputDataUri=" + "x" * 1025, "InputDataUri: 1025 characters, at most 1024"),
    ],
)
def test_wrong_values_are_named(pair, sentence):
    with pytest.raises(UsageProblem) as refused:
        parse_values([pair], PARAMETERS)
    assert sentence in str(refused.value)
    assert refused.value.exit_code == 2


def test_all_problems_are_reported_with_the_declared_parameters():
    with pytest.raises(UsageProblem) as refused:
        parse_values(["Rounds=many", "Treshold=1", "Spot=true", "Spot=false"], PARAMETERS)
    text = str(refused.value)
    for part in ("Rounds=many", "'Treshold'", "Spot is given twice", "nothing was started"):
        assert part in text
    for row in (
        "InputDataUri  String   s3://bucket/data",
        "Approval      String   Pending           Pending, Approved",
    ):
        assert row in text


def test_a_parameter_without_default_has_to_be_given():
    required = parse_declarations({"Parameters": [{"Name": "Day", "Type": "String"}]})
    with pytest.raises(UsageProblem, match="Day has no default: give Day=VALUE"):
        parse_values([], required)
    assert parse_values(["Day=1"], required) == {"Day": "1"}


def test_a_wrong_value_is_not_also_called_missing():
    required = parse_declarations({"Parameters": [{"Name": "Day", "Type": "Integer"}]})
    with pytest.raises(UsageProblem) as refused:
        parse_values(["Day=x"], required)
    assert "no default" not in str(refused.value)
