"""Selective execution: what runs, what is taken from an earlier execution, what is refused."""

import pytest


@pytest.fixture
def services(pipelines_alone):
    return pipelines_alone


@pytest.fixture
def chain(make):
    uses = {"Get": "Steps.B.ProcessingJobName"}
    return make.body(
        make.processing("A"),
        make.processing("B", DependsOn=["A"]),
        make.processing("C", uses),
        make.processing("D", DependsOn=["C"]),
    )


def finish_all(runs, arn):
    while running := runs.jobs.running():
        runs.jobs.end(running[0])
    return arn


def select(runs, *names, source=None):
    config = {"SelectedSteps": [{"StepName": name} for name in names]}
    if source:
        config["SourcePipelineExecutionArn"] = source
    return runs.start(SelectiveExecutionConfig=config)


def test_only_the_selected_steps_run_with_the_results_of_others(runs, chain):
    source = finish_all(runs, runs.start(chain))
    job = runs.steps(source)["B"]["Metadata"]["ProcessingJob"]["Arn"].rsplit("/", 1)[-1]
    arn = select(runs, "C", source=source)
    assert runs.jobs.jobs[runs.jobs.of("C")]["AppSpecification"]["ContainerArguments"] == [job]
    finish_all(runs, arn)
    steps = runs.steps(arn)
    assert list(steps) == ["B", "C"], "D comes after: it does not run"
    assert steps["B"]["SelectiveExecutionResult"] == {"SourcePipelineExecutionArn": source}
    assert "SelectiveExecutionResult" not in steps["C"]
    execution = runs.execution(arn)
    assert execution["PipelineExecutionStatus"] == "Succeeded"
    assert execution["SelectiveExecutionConfig"]["SelectedSteps"] == [{"StepName": "C"}]


def test_a_failed_execution_is_a_source_for_what_it_did(runs, chain, refused):
    source = runs.start(chain)
    runs.jobs.finish("A")
    with refused("ValidationException", "is Executing; it must have ended"):
        select(runs, "B", source=source)
    runs.jobs.finish("B", "Failed", "broken")
    assert runs.statuses(select(runs, "B", source=source)) == {"A": "Succeeded", "B": "Executing"}
    with refused("ValidationException", "[B] did not succeed in"):
        select(runs, "C", source=source)


def test_what_needs_nothing_needs_no_source(runs, chain):
    runs.create(chain)
    assert list(runs.statuses(select(runs, "A", "B"))) == ["A"]


def test_selections_that_aws_refuses(runs, chain, refused):
    source = finish_all(runs, runs.start(chain))
    with refused("ValidationException", "[Nope] are not in the pipeline definition"):
        select(runs, "Nope")
    with refused("ValidationException", "null. The selected steps [C, D] have dependencies on [B]"):
        select(runs, "C", "D")
    with refused("ValidationException", "The steps [B] lie between selected steps"):
        select(runs, "A", "C", source=source)
    with refused("ValidationException", "is not an execution of this pipeline"):
        select(runs, "C", source=f"{source}x")


def test_a_branch_is_selected_when_the_source_took_it(runs, make, refused):
    gate = make.condition(
        "Gate", make.compare("Equals", 1, 1), then=[make.processing("Yes")], otherwise=[make.processing("No")]
    )
    source = finish_all(runs, runs.start(make.body(gate)))
    assert runs.statuses(select(runs, "Yes", source=source)) == {"Gate": "Succeeded", "Yes": "Executing"}
    other = select(runs, "No", source=source)
    assert (runs.status(other), runs.statuses(other)) == ("Succeeded", {"Gate": "Succeeded"})
