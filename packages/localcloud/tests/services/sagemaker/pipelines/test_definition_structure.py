"""What CreatePipeline refuses in a definition, and where it reports it."""

import copy
import json
import random

import pytest

from localcloud.core.refusal import Refusal
from localcloud.services.sagemaker.pipelines.definition_structure import NOT_YET, parse, structure_problems


def faults(body):
    return list(structure_problems(body))


def _with_parameter(**parameter):
    step = {"Name": "A", "Type": "Fail", "Arguments": {}}
    return json.dumps({"Version": "2020-12-01", "Parameters": [{"Name": "P", **parameter}], "Steps": [step]})


def test_a_valid_definition_has_no_problems(make):
    gate = make.condition("Gate", make.compare("Equals", 1, 1), then=[make.fail("Stop")], DependsOn=["Work"])
    cached = {"CacheConfig": {"Enabled": True, "ExpireAfter": "P7D"}}
    policy = {"ExceptionType": ["Step.THROTTLING"], "IntervalSeconds": 1, "BackoffRate": 2.0, "MaxAttempts": 3}
    assert faults(make.body(make.processing("Work", RetryPolicies=[policy], **cached), gate, make.transform("T"))) == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{", "is not JSON"),
        ("[]", "must be an object"),
        ('{"Version": "2021-01-01", "Steps": []}', "Version is '2021-01-01'; the only supported one"),
        ('{"Version": "2020-12-01", "Steps": []}', "at least one step"),
        ('{"Version": "2020-12-01", "Steps": [1]}', "Steps must be a list of objects"),
        ('{"Version": "2020-12-01", "Steps": [{"Name": "A"}]}', "Steps[0] must have a Name and a Type"),
        ('{"Version": "2020-12-01", "Steps": [{"Name": "A", "Type": "Fail"}]}', "A: Arguments must be an object"),
        ('{"Version": "2020-12-01", "Parameters": [1], "Steps": [{}]}', "Parameters must be a list of objects"),
        ("[" * 100_000, "is not JSON"),
        (_with_parameter(Type="String", EnumValues=3), "the parameter P is String, its EnumValues 3 are not a list"),
        (_with_parameter(Type="Integer", EnumValues=[1, True]), "its EnumValues [1, True] are not a list of these"),
    ],
)
def test_a_wrong_structure_is_reported_and_never_crashes(body, message):
    assert message in faults(body)[0]


@pytest.mark.parametrize("kind", NOT_YET)
def test_step_types_of_aws_that_are_not_run_here_are_refused_by_name(make, kind):
    assert faults(make.body({"Name": "A", "Type": kind, "Arguments": {}})) == [
        f"A: steps of type {kind} are not run by localcloud yet"
    ]


def test_an_unknown_step_type_is_refused(make):
    assert faults(make.body({"Name": "A", "Type": "Lambada", "Arguments": {}})) == [
        "A: the step type 'Lambada' is unknown"
    ]


def branchy(make, *inner):
    return make.body(make.condition("Gate", make.compare("Equals", 1, 1), then=inner))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"DependsOn": ["Nope"]}, "Work: DependsOn names 'Nope', which is not a step"),
        ({"DependsOn": "Work"}, "Work: DependsOn must be a list"),
        ({"DependsOn": ["Stop"]}, "Work can not depends on Stop"),
        ({"CacheConfig": {"Enabled": True}}, "ExpireAfter: 'None' is not an ISO 8601 duration"),
        ({"CacheConfig": {"Enabled": True, "ExpireAfter": "P"}}, "'P' is not an ISO 8601 duration"),
        ({"CacheConfig": {"Enabled": "yes"}}, "CacheConfig must be an object"),
        ({"RetryPolicies": {}}, "RetryPolicies must be a list"),
        ({"RetryPolicies": [{"MaxAttempts": 1}]}, "ExceptionType must be a list"),
        ({"RetryPolicies": [{"ExceptionType": ["X"], "MaxAttempts": 1}]}, "the exception type 'X' is not one of"),
        ({"RetryPolicies": [{"ExceptionType": ["Step.THROTTLING"]}]}, "exactly one of MaxAttempts and ExpireAfterMin"),
        ({"RetryPolicies": [{"ExceptionType": ["Step.THROTTLING"], "MaxAttempts": 21}]}, "it must be from 1 to 20"),
        ({"PropertyFiles": ["x"]}, "Work: PropertyFiles must be a list of objects"),
        ({"PropertyFiles": [{"PropertyFileName": "M", "OutputName": "o"}]}, "with PropertyFileName, OutputName, File"),
    ],
)
def test_each_fault_of_a_step_is_named(make, more, message):
    found = faults(make.body(make.processing("Work", **more), make.fail("Stop")))
    assert any(message in fault for fault in found), found


def test_faults_inside_branches_are_found(make):
    assert "DependsOn names 'Nope'" in faults(branchy(make, make.fail("Stop", DependsOn=["Nope"])))[0]
    assert "IfSteps must be a list of objects" in faults(branchy(make, "Stop"))[0]
    assert "not run by localcloud yet" in faults(branchy(make, {"Name": "L", "Type": "Lambda", "Arguments": {}}))[0]


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ({"Type": "Similar"}, "a condition of type 'Similar' is unknown"),
        ({"Type": "Equals", "LeftValue": 1}, "a condition of type Equals has LeftValue, RightValue"),
        ({"Type": "Not", "Expression": {}}, "a condition of type Not has Condition"),
        ({"Type": "Not", "Condition": {"Type": "In"}}, "a condition of type In has QueryValue, Values"),
        ({"Type": "Or", "Conditions": []}, "at least one condition"),
        ({"Type": "In", "QueryValue": 1, "Values": 5}, "Values of a condition of type In must be a list"),
        ("x", "at least one condition"),
    ],
)
def test_nested_conditions_are_checked(make, condition, message):
    assert message in faults(make.body(make.condition("Gate", condition)))[0]


def test_the_message_of_a_failure_is_a_string_or_a_reference(make):
    step = make.fail("Stop")
    for message, fine in (("why", True), ({"Get": "Execution.PipelineName"}, True), ({"why": 1}, False), (5, False)):
        step["Arguments"]["ErrorMessage"] = message
        assert faults(make.body(step)) == (
            [] if fine else ["Stop: ErrorMessage must be a string, or a reference to one"]
        )


def test_names_and_references_exist(make):
    assert "used twice" in faults(make.body(make.fail("A"), make.fail("A")))[0]
    assert "Steps.Nope.X refers to nothing" in faults(make.body(make.processing("A", {"Get": "Steps.Nope.X"})))[0]
    assert "Parameters.P refers to nothing" in faults(make.body(make.processing("A", {"Get": "Parameters.P"})))[0]


def test_arguments_are_checked_against_aws_s_shapes(make):
    step = make.processing("Work")
    step["Arguments"]["AppSpecification"]["ImageUrl"] = step["Arguments"]["AppSpecification"].pop("ImageUri")
    found = faults(make.body(step))
    assert any("ImageUri is missing" in fault for fault in found), found


@pytest.mark.parametrize("cycle", [("A",), ("A", "B"), ("A", "B", "C")])
def test_steps_that_wait_for_each_other_are_refused(make, cycle):
    steps = [
        make.processing(name, DependsOn=[other]) for name, other in zip(cycle, (*cycle[1:], cycle[0]), strict=True)
    ]
    (fault,) = faults(make.body(*steps))
    assert "Cycle detected" in fault
    assert all(name in fault for name in cycle)


def test_a_cycle_through_a_branch_or_a_reference_is_refused(make):
    compare = make.compare("Equals", {"Get": "Steps.Inner.ProcessingJobStatus"}, "Completed")
    assert "Cycle" in faults(make.body(make.condition("Gate", compare, then=[make.processing("Inner")])))[0]
    gate = make.condition("Gate", make.compare("Equals", 1, 1), then=[make.processing("Inner", DependsOn=["After"])])
    assert "Cycle" in faults(make.body(gate, make.processing("After", DependsOn=["Gate"])))[0]


def test_the_refusal_is_aws_s_and_short(make):
    with pytest.raises(Refusal) as caught:
        parse(make.body(*(make.processing(f"S{n}", DependsOn=["Nope"]) for n in range(9))))
    assert caught.value.code == "ValidationException"
    assert caught.value.message.startswith("Unable to parse pipeline definition. S0: DependsOn names 'Nope'")
    assert caught.value.message.endswith("(and 4 more)")
    body = make.body(make.fail("A"))
    assert parse(body) == json.loads(body)


@pytest.mark.parametrize(
    "reference",
    [
        {"Get": 1},
        {"Std:Join": {"On": ","}},
        {"Std:JsonGet": {"Path": "x"}},
        {"Std:JsonGet": {"Path": "x", "PropertyFile": {"Get": "Steps.A"}}},
        {"Std:Join": {"On": "", "Values": [{"Std:Join": 5}]}},
    ],
)
def test_references_have_valid_syntax(make, reference):
    assert "is not a valid " in faults(make.body(make.processing("A", reference)))[0]


JUNK = (None, 1, 0.5, "", "x", "A", True, [], {}, [1], [[]], [{}], {"Get": 1}, {"Get": "Steps."}, {"Std:Join": 5})


def places(node, path=()):
    yield path
    for key in node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
        yield from places(node[key], (*path, key))


def test_no_definition_crashes_the_check(make):
    """Every value of a rich definition replaced by one of another type, or removed."""
    policy = {"ExceptionType": ["Step.THROTTLING"], "IntervalSeconds": 1, "BackoffRate": 2.0, "MaxAttempts": 3}
    file = {"PropertyFileName": "M", "OutputName": "o", "FilePath": "x"}
    auc = {"Std:JsonGet": {"PropertyFile": {"Get": "Steps.A.PropertyFiles.M"}, "Path": "a.b"}}
    either = {"Type": "Or", "Conditions": [{"Type": "In", "QueryValue": 1, "Values": [auc]}]}
    work = make.processing("A", outputs=["o"], PropertyFiles=[file], RetryPolicies=[policy])
    gate = make.condition("G", either, then=[make.register("R"), make.fail("F", auc)], DependsOn=["A"])
    parameter = {"Name": "P", "Type": "String", "DefaultValue": "x", "EnumValues": ["x"]}
    good = json.loads(make.body(work, gate, parameters=[parameter]))
    assert faults(json.dumps(good)) == []
    chosen, refused = random.Random(7), 0  # noqa: S311 - the same every time
    for path in [place for place in places(good) if place]:
        for junk in (*chosen.sample(JUNK, 3), places):
            broken = copy.deepcopy(good)
            parent = broken
            for key in path[:-1]:
                parent = parent[key]
            if junk is places:
                del parent[path[-1]]
            else:
                parent[path[-1]] = junk
            refused += bool(faults(json.dumps(broken)))
    assert refused > 200
