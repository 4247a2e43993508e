"""Patterns by the examples in AWS's documentation, and cases that it leaves open."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localcloud.services.events.patterns import InvalidPattern, compile_pattern

EVENT = {
    "source": "aws.ec2",
    "resources": ["arn:a", "arn:b"],
    "detail": {
        "state": "Running",
        "count": 300,
        "ratio": 2.5,
        "on": True,
        "off": False,
        "nothing": None,
        "empty": "",
        "ip": "10.0.0.33",
        "ip6": "2001:db8::1",
        "file": "dir/a/photo.PNG",
        "none": [],
        "deep": {"inner": {"leaf": 1}},
        "nested": [["x", "y"], ["z"]],
        "people": [{"first": "Ann", "last": "Bee"}, {"first": "Cyd", "last": "Dee", "age": 7}],
        "account": 123456789012,
        "star": "a*b\\c",
    },
}


def matches(pattern: Any, event: Any = EVENT) -> bool:
    return compile_pattern(json.dumps(pattern)).matches(event)


def detail(field: str, *tests: Any) -> bool:
    return matches({"detail": {field: list(tests)}})


@pytest.mark.parametrize(
    ("field", "tests", "expected"),
    [
        ("state", ["Running"], True),
        ("state", ["running"], False),
        ("state", ["Stopped", "Running"], True),
        ("count", [300], True),
        ("count", [300.0], True),
        ("count", [3.0e2], True),
        ("count", ["300"], False),
        ("account", [123456789012], True),
        ("on", [True], True),
        ("on", [1], False),
        ("off", [0], False),
        ("off", [False], True),
        ("nothing", [None], True),
        ("nothing", [""], False),
        ("empty", [""], True),
        ("empty", [None], False),
        ("missing", [None], False),
        ("missing", [""], False),
        ("state", [{"prefix": "Run"}], True),
        ("state", [{"prefix": "run"}], False),
        ("state", [{"prefix": {"equals-ignore-case": "rUN"}}], True),
        ("state", [{"prefix": ""}], True),
        ("count", [{"prefix": "3"}], False),
        ("file", [{"suffix": ".PNG"}], True),
        ("file", [{"suffix": ".png"}], False),
        ("file", [{"suffix": {"equals-ignore-case": ".png"}}], True),
        ("state", [{"equals-ignore-case": "RUNNING"}], True),
        ("state", [{"equals-ignore-case": "RUN"}], False),
        ("file", [{"wildcard": "dir/*.PNG"}], True),
        ("file", [{"wildcard": "dir/*/photo.*"}], True),
        ("file", [{"wildcard": "*/b/*"}], False),
        ("file", [{"wildcard": "dir/a/photo.P.G"}], False),
        ("star", [{"wildcard": "a\\*b\\\\c"}], True),
        ("file", [{"wildcard": "dir\\*PNG"}], False),
        ("state", [{"anything-but": "Stopped"}], True),
        ("state", [{"anything-but": ["Stopped", "Running"]}], False),
        ("count", [{"anything-but": 300.0}], False),
        ("count", [{"anything-but": [1, 2]}], True),
        ("nothing", [{"anything-but": "x"}], True),
        ("missing", [{"anything-but": "x"}], False),
        ("state", [{"anything-but": {"prefix": "Run"}}], False),
        ("state", [{"anything-but": {"prefix": ["Sto", "Ter"]}}], True),
        ("file", [{"anything-but": {"suffix": ".PNG"}}], False),
        ("file", [{"anything-but": {"suffix": ".png"}}], True),
        ("state", [{"anything-but": {"equals-ignore-case": ["STOPPED", "RUNNING"]}}], False),
        ("state", [{"anything-but": {"equals-ignore-case": "stopped"}}], True),
        ("file", [{"anything-but": {"wildcard": "*/a/*"}}], False),
        ("file", [{"anything-but": {"wildcard": "*/lib/*"}}], True),
        ("count", [{"numeric": ["=", 300]}], True),
        ("count", [{"numeric": [">", 300]}], False),
        ("count", [{"numeric": [">=", 300, "<", 301]}], True),
        ("count", [{"numeric": [">", 0, "<=", 299.999999]}], False),
        ("ratio", [{"numeric": ["<", 2.6]}], True),
        ("ratio", [{"numeric": ["<=", 2.4]}], False),
        ("state", [{"numeric": [">", 0]}], False),
        ("on", [{"numeric": ["=", 1]}], False),
        ("account", [{"numeric": [">", 0]}], False),  # beyond what AWS compares
        ("ip", [{"cidr": "10.0.0.0/24"}], True),
        ("ip", [{"cidr": "10.0.1.0/24"}], False),
        ("ip", [{"cidr": "2001:db8::/32"}], False),
        ("ip6", [{"cidr": "2001:db8::/32"}], True),
        ("state", [{"cidr": "10.0.0.0/8"}], False),
        ("state", [{"exists": True}], True),
        ("nothing", [{"exists": True}], True),
        ("missing", [{"exists": True}], False),
        ("missing", [{"exists": False}], True),
        ("state", [{"exists": False}], False),
        ("deep", [{"exists": True}], False),  # only leaves exist
        ("deep", [{"exists": False}], True),
        ("none", [{"exists": True}], False),
        ("missing", ["x", {"exists": False}], True),
        ("nested", ["z"], True),
        ("nested", ["w"], False),
    ],
)
def test_operator(field: str, tests: list[Any], expected: bool) -> None:
    assert detail(field, *tests) is expected


def test_all_fields_must_match_at_every_depth() -> None:
    assert matches({"source": ["aws.ec2"], "detail": {"deep": {"inner": {"leaf": [1]}}}})
    assert not matches({"source": ["aws.s3"], "detail": {"deep": {"inner": {"leaf": [1]}}}})
    assert not matches({"detail": {"deep": {"inner": {"leaf": [2]}}}})
    assert not matches({"detail": {"state": {"inner": ["Running"]}}})
    assert matches({"detail": {"state": {"inner": [{"exists": False}]}}})


def test_a_list_matches_by_any_of_its_members() -> None:
    assert matches({"resources": ["arn:b", "arn:c"]})
    assert not matches({"resources": ["arn:c"]})
    assert matches({"resources": [{"anything-but": "arn:a"}]})


def test_fields_of_one_object_in_a_list_belong_together() -> None:
    assert matches({"detail": {"people": {"first": ["Cyd"], "last": ["Dee"]}}})
    assert not matches({"detail": {"people": {"first": ["Ann"], "last": ["Dee"]}}})
    assert matches({"detail": {"people": {"first": ["Ann"], "age": [{"exists": False}]}}})
    assert not matches({"detail": {"people": {"first": ["Cyd"], "age": [{"exists": False}]}}})
    assert not matches({"detail": {"people": {"age": [{"exists": False}]}}})  # one of them has it


def test_or_needs_one_branch_and_all_other_fields() -> None:
    choice = {"$or": [{"state": ["Stopped"]}, {"count": [{"numeric": [">", 299]}], "on": [True]}]}
    assert matches({"source": ["aws.ec2"], "detail": choice})
    assert not matches({"source": ["aws.s3"], "detail": choice})
    assert not matches({"detail": {**choice, "state": ["Pending"]}})
    assert not matches({"detail": {"$or": [{"state": ["Stopped"]}, {"count": [1]}]}})
    assert matches({"$or": [{"source": ["x"]}, {"detail": {"$or": [{"on": [False]}, {"off": [False]}]}}]})


APPROVED = {
    "source": ["aws.sagemaker"],
    "detail": {"ModelApprovalStatus": ["Approved"], "UpdatedModelPackageFields": ["ModelApprovalStatus"]},
}


@pytest.mark.parametrize(
    ("status", "fields", "expected"),
    [
        ("Approved", ["ModelApprovalStatus"], True),
        ("Approved", ["ApprovalDescription", "ModelApprovalStatus"], True),
        ("Approved", None, False),
        ("Approved", ["CustomerMetadataProperties"], False),
        ("Rejected", ["ModelApprovalStatus"], False),
    ],
)
def test_the_pattern_of_real_approvals(status: str, fields: list[str] | None, expected: bool) -> None:
    detail = {"ModelApprovalStatus": status, **({"UpdatedModelPackageFields": fields} if fields else {})}
    assert matches(APPROVED, {"source": "aws.sagemaker", "detail": detail}) is expected


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("{", "Invalid JSON"),
        ('{"a": [NaN]}', "Invalid JSON"),
        ("[]", "Filter is not an object"),
        ("{}", "Empty objects are not allowed"),
        ('{"detail": {}}', "Empty objects are not allowed at detail"),
        ('{"detail": {"a": "x"}}', '"a" must be an object or an array at detail.a'),
        ('{"a": []}', "Empty arrays are not allowed at a"),
        ('{"a": [["x"]]}', "Match value must be String, number, true, false, or null at a"),
        ('{"a": [{}]}', "Match expression name not found at a"),
        ('{"a": [{"prefix": "x", "suffix": "y"}]}', "Only one key allowed in match expression at a"),
        ('{"a": [{"starts-with": "x"}]}', "Unrecognized match type starts-with at a"),
        ('{"a": [{"prefix": 1}]}', "prefix match pattern must be a string at a"),
        ('{"a": [{"suffix": {"wildcard": "x"}}]}', "Unsupported suffix pattern: wildcard at a"),
        ('{"a": [{"wildcard": "a**"}]}', "Consecutive wildcard characters at pos 1 at a"),
        ('{"a": [{"wildcard": "a\\\\b"}]}', "Invalid escape character at pos 1 at a"),
        ('{"a": [{"wildcard": "a\\\\"}]}', "Invalid escape character at pos 1 at a"),
        ('{"a": [{"numeric": 5}]}', "Value of numeric must be an array. at a"),
        ('{"a": [{"numeric": []}]}', "Invalid member in numeric match: ] at a"),
        ('{"a": [{"numeric": ["!=", 5]}]}', "Unrecognized numeric range operator: != at a"),
        ('{"a": [{"numeric": ["=", "5"]}]}', "Value of equals must be numeric at a"),
        ('{"a": [{"numeric": [">"]}]}', "Value of > must be numeric at a"),
        ('{"a": [{"numeric": ["<", 5, ">", 1]}]}', "Too many elements in numeric expression at a"),
        ('{"a": [{"numeric": [">", 5, "<", 1]}]}', "Bottom must be less than top at a"),
        ('{"a": [{"numeric": [">", 5, "=", 6]}]}', "Bad numeric range operator: = at a"),
        ('{"a": [{"numeric": [">", 6e9]}]}', "Value must be between -5000000000.0 and 5000000000.0, inclusive at a"),
        ('{"a": [{"cidr": "10.0.0.1"}]}', "Malformed CIDR, one '/' required at a"),
        ('{"a": [{"cidr": "10.0.0.0/40"}]}', "Malformed CIDR: 10.0.0.0/40 at a"),
        ('{"a": [{"exists": "yes"}]}', "exists match pattern must be either true or false. at a"),
        ('{"a": [{"anything-but": ["x", 1]}]}', "mixed type is not supported at a"),
        ('{"a": [{"anything-but": []}]}', "must not be empty at a"),
        ('{"a": [{"anything-but": [null]}]}', "start|null|boolean is not supported. at a"),
        ('{"a": [{"anything-but": {"numeric": ["=", 1]}}]}', "Unsupported anything-but pattern: numeric at a"),
        ('{"a": [{"anything-but": {"prefix": ""}}]}', "Null prefix/suffix not allowed at a"),
        ('{"a": [{"anything-but": {"suffix": 5}}]}', "anything-but suffix match pattern must be a string at a"),
        ('{"$or": {"a": ["x"]}}', "It must be an Array followed with $or."),
        ('{"$or": [{"a": ["x"]}]}', "There must have at least 2 Objects in $or relationship."),
        ('{"$or": ["x", "y"]}', "Only JSON object is allowed in array of $or relationship."),
        ('{"$or": [{"prefix": ["x"]}, {"a": ["x"]}]}', "prefix is Ruler reserved fieldName"),
    ],
)
def test_an_invalid_pattern(pattern: str, reason: str) -> None:
    with pytest.raises(InvalidPattern) as caught:
        compile_pattern(pattern)
    assert reason in str(caught.value)


def test_more_than_a_thousand_combinations_are_refused() -> None:
    branches = {"$or": [{f"f{number}": ["x"]} for number in range(10)]}
    three = {"a": branches, "b": branches, "c": branches}
    assert not compile_pattern(json.dumps(three)).matches({})
    with pytest.raises(InvalidPattern, match="2000 combinations"):
        compile_pattern(json.dumps({**three, "$or": [{"x": ["y"]}, {"y": ["y"]}]}))
