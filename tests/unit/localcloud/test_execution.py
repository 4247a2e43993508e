import threading

import pytest

from localcloud.execution import DefinitionRefused, Execution, StepFailed, parameter_values


def work(name, *needs, kind="Processing", **arguments):
    return {"Name": name, "Type": kind, "Arguments": arguments, "DependsOn": list(needs)}


def condition(name, left, if_steps=(), else_steps=()):
    test = {"Type": "GreaterThan", "LeftValue": left, "RightValue": 1}
    return {
        "Name": name,
        "Type": "Condition",
        "Arguments": {"Conditions": [test], "IfSteps": list(if_steps), "ElseSteps": list(else_steps)},
    }


class Recorder:
    """Actions that remember what they were asked, and answer with it."""

    def __init__(self):
        self.calls = []

    def __call__(self, name, arguments):
        self.calls.append((name, arguments))
        if arguments.get("fail"):
            raise StepFailed(arguments["fail"])
        return arguments


def execution(steps, action, parameters=None, declared=()):
    definition = {"Steps": steps, "Parameters": list(declared)}
    return Execution(definition, {"Processing": action}, lambda uri: b"{}", variables={}, parameters=parameters)


def statuses(run):
    return {name: step.status for name, step in run.steps.items()}


def test_steps_run_after_those_they_name_and_see_their_answers():
    action = Recorder()
    run = execution([work("B", value={"Get": "Steps.A.value"}), work("A", value=7)], action)
    assert run.run()
    assert action.calls == [("A", {"value": 7}), ("B", {"value": 7})]


def test_independent_steps_run_side_by_side():
    both = threading.Barrier(2, timeout=5)  # neither passes alone

    def action(name, arguments):
        both.wait()
        return {}

    assert execution([work("A"), work("B")], action).run()


@pytest.mark.parametrize(("value", "taken", "left"), [(2, "Yes", "No"), (1, "No", "Yes")])
def test_a_condition_runs_one_branch_only(value, taken, left):
    action = Recorder()
    run = execution([condition("Gate", value, [work("Yes")], [work("No")])], action)
    assert run.run()
    assert statuses(run) == {"Gate": "Succeeded", taken: "Succeeded", left: "Waiting"}
    assert run.steps["Gate"].outcome is (value > 1)


def test_a_failure_stops_what_would_follow_and_keeps_its_reason():
    action = Recorder()
    run = execution([work("A", fail="no rows in train.csv"), work("B", "A")], action)
    assert not run.run()
    assert run.steps["A"].reason == "no rows in train.csv"
    assert statuses(run)["B"] == "Waiting"


def test_a_defect_in_an_action_fails_the_step():
    run = execution([work("A")], lambda name, arguments: 1 / 0)
    assert not run.run()
    assert "ZeroDivisionError" in run.steps["A"].reason


def test_a_fail_step_resolves_its_message():
    fail = work("Stop", kind="Fail", ErrorMessage={"Std:Join": {"On": " ", "Values": ["auc", 0.7]}})
    run = execution([condition("Gate", 0, else_steps=[fail])], Recorder())
    assert not run.run()
    assert run.steps["Stop"].reason == "auc 0.7"


def test_steps_that_wait_for_each_other_are_refused():
    with pytest.raises(DefinitionRefused, match="A, B"):
        execution([work("A", "B"), work("B", "A")], Recorder()).run()


def test_a_step_type_nobody_runs_is_refused_by_name():
    with pytest.raises(DefinitionRefused, match="T is of type Tuning"):
        execution([work("T", kind="Tuning")], Recorder())


DECLARED = [
    {"Name": "Threshold", "Type": "Float", "DefaultValue": 0.8},
    {"Name": "Rows", "Type": "Integer", "DefaultValue": 1},
    {"Name": "Status", "Type": "String", "DefaultValue": "Pending", "EnumValues": ["Pending", "Approved"]},
    {"Name": "Data", "Type": "String"},
]


def test_parameters_come_from_defaults_and_what_was_given():
    given = {"Data": "s3://b/d", "Threshold": "0.75"}
    expected = {"Threshold": 0.75, "Rows": 1, "Status": "Pending", "Data": "s3://b/d"}
    assert parameter_values(DECLARED, given) == expected


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "Data has no default"),
        ({"Data": "x", "Treshold": "1"}, "unknown parameters: Treshold"),
        ({"Data": "x", "Threshold": "high"}, "not of type Float"),
        ({"Data": "x", "Rows": "1.5"}, "not of type Integer"),
        ({"Data": "x", "Status": "Maybe"}, "not one of"),
    ],
)
def test_parameters_are_refused(given, says):
    with pytest.raises(DefinitionRefused, match=says):
        parameter_values(DECLARED, given)
