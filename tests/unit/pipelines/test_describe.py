"""The steps of a pipeline as --describe shows them."""

from pipelines.describe import render_steps


def step(name, kind="Processing", **parts):
    return {"Name": name, "Type": kind, "Arguments": {}} | parts


def result_of(name):
    return {"Arguments": {"Input": {"Get": f"Steps.{name}.Output"}}}


def test_a_step_is_shown_with_those_that_it_waits_for():
    steps = [step("Clean"), step("Look", DependsOn=["Clean"]), step("Train", "Training", **result_of("Clean"))]
    steps += [step("Judge", **result_of("Train"), DependsOn=["Look", "Clean"])]
    assert render_steps(steps).splitlines() == [
        "  step   type        after",
        "  Clean  Processing",
        "  Look   Processing  Clean",
        "  Train  Training    Clean",
        "  Judge  Processing  Look, Train",
    ]


def test_the_branches_of_a_condition_are_apart():
    branches = {
        "Conditions": [{"Get": "Steps.Train.X"}],
        "IfSteps": [step("Keep")],
        "ElseSteps": [step("Stop", "Fail")],
    }
    assert render_steps([step("Train"), step("Gate", "Condition", Arguments=branches)]).splitlines()[2:] == [
        "  Gate         Condition   Train",
        "    if true:",
        "      Keep     Processing",
        "    if false:",
        "      Stop     Fail",
    ]
