"""Parameters of an execution: typed, limited, refused."""

import pytest

from localcloud.core.refusal import Refusal
from localcloud.services.sagemaker.pipelines.parameters import as_dict, values

DECLARED = [
    {"Name": "Threshold", "Type": "Float", "DefaultValue": 0.8},
    {"Name": "Rows", "Type": "Integer", "DefaultValue": 1},
    {"Name": "Deep", "Type": "Boolean", "DefaultValue": False},
    {"Name": "Status", "Type": "String", "DefaultValue": "Pending", "EnumValues": ["Pending", "Approved"]},
    {"Name": "Data", "Type": "String"},
]


def test_defaults_and_what_was_given():
    given = {"Data": "s3://b/d", "Threshold": "7.5e-1", "Rows": "-3", "Deep": "True"}
    read = values(DECLARED, given)
    assert read == {"Threshold": 0.75, "Rows": -3, "Deep": True, "Status": "Pending", "Data": "s3://b/d"}
    assert isinstance(values(DECLARED, {"Data": "x", "Threshold": "1"})["Threshold"], float)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, r"\[Data\] have no default value"),
        ({"Data": "x", "Treshold": "1"}, r"\[Treshold\] are not declared"),
        ({"Data": "x", "Threshold": "high"}, "not of type Float"),
        ({"Data": "x", "Threshold": "nan"}, "not of type Float"),
        ({"Data": "x", "Rows": "1.5"}, "not of type Integer"),
        ({"Data": "x", "Rows": "1_000"}, "not of type Integer"),
        ({"Data": "x", "Deep": "yes"}, "not of type Boolean"),
        ({"Data": "x", "Status": "Maybe"}, "not one of"),
        ({"Data": ""}, "too short"),
    ],
)
def test_what_does_not_fit_is_refused(given, message):
    with pytest.raises(Refusal, match=message) as caught:
        values(DECLARED, given)
    assert caught.value.code == "ValidationException"


def test_a_parameter_is_given_once():
    assert as_dict([{"Name": "A", "Value": "1"}, {"Name": "B", "Value": "2"}]) == {"A": "1", "B": "2"}
    with pytest.raises(Refusal, match=r"\[A\] are given more than once"):
        as_dict([{"Name": "A", "Value": "1"}, {"Name": "A", "Value": "1"}])
