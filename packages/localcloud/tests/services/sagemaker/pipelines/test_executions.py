"""Executions from start to end over the API: order, statuses, reasons, times, events, stop, retry, lists."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from localcloud.services.sagemaker.jobs.records import TOO_LONG
from localcloud.services.sagemaker.pipelines.steps import Steps

ONE = {"MaxParallelExecutionSteps": 1}


@pytest.fixture
def services(pipelines_alone):
    return pipelines_alone


def test_steps_run_after_those_they_name(runs, make):
    uses = {"Get": "Steps.Make.ProcessingOutputConfig.Outputs['data'].S3Output.S3Uri"}
    body = make.body(make.processing("Use", uses), make.processing("Make", outputs=["data"]))
    arn = runs.start(body)
    assert runs.statuses(arn) == {"Make": "Executing"}
    runs.jobs.finish("Make")
    assert runs.statuses(arn) == {"Make": "Succeeded", "Use": "Executing"}
    used = runs.jobs.jobs[runs.jobs.of("Use")]["AppSpecification"]["ContainerArguments"]
    assert used == [f"s3://bucket/runs/{arn.rsplit('/', 1)[-1]}/data"]
    runs.jobs.finish("Use")
    assert runs.status(arn) == "Succeeded"


def test_an_execution_is_described(runs, make):
    limit = {"MaxParallelExecutionSteps": 7}
    experiment = {"ExperimentName": {"Get": "Execution.PipelineName"}, "TrialName": "t"}
    pipeline = runs.create(make.body(make.processing("Work"), PipelineExperimentConfig=experiment))
    arn = runs.start(PipelineExecutionDescription="why", ParallelismConfiguration=limit)
    runs.cloud.clock.advance(12)
    runs.jobs.finish("Work")
    execution = runs.execution(arn)
    assert execution["PipelineArn"] == pipeline
    assert arn.startswith(f"{pipeline}/execution/")
    assert execution["PipelineExecutionDisplayName"] == f"execution-{int(execution['CreationTime'].timestamp() * 1000)}"
    assert execution["PipelineExecutionDescription"] == "why"
    assert execution["ParallelismConfiguration"] == limit
    assert execution["PipelineExperimentConfig"] == {"ExperimentName": "churn", "TrialName": "t"}
    assert execution["PipelineVersionId"] == 1
    assert (execution["LastModifiedTime"] - execution["CreationTime"]).seconds == 12
    assert runs.client.describe_pipeline(PipelineName="churn")["LastRunTime"] == execution["CreationTime"]
    runs.client.update_pipeline_execution(PipelineExecutionArn=arn, PipelineExecutionDisplayName="mine")
    assert runs.execution(arn)["PipelineExecutionDisplayName"] == "mine"


def test_a_step_is_described_with_its_job_and_times(runs, make):
    arn = runs.start(make.body(make.training("Fit", DisplayName="fit it", Description="long")))
    runs.cloud.clock.advance(30)
    runs.jobs.finish("Fit")
    step = runs.steps(arn)["Fit"]
    assert (step["EndTime"] - step["StartTime"]).seconds == 30
    assert (step["StepDisplayName"], step["StepDescription"], step["AttemptCount"]) == ("fit it", "long", 1)
    job = step["Metadata"]["TrainingJob"]["Arn"]
    assert job.startswith(f"arn:aws:sagemaker:eu-west-1:000000000000:training-job/pipelines-{arn[-12:]}-Fit-")


def test_independent_steps_run_side_by_side_up_to_the_limit(runs, make):
    body = make.body(*(make.processing(f"S{n}") for n in range(4)))
    assert list(runs.statuses(runs.start(body))) == ["S0", "S1", "S2", "S3"]
    limited = runs.start(ParallelismConfiguration={"MaxParallelExecutionSteps": 2})
    assert list(runs.statuses(limited)) == ["S0", "S1"]
    runs.jobs.finish("S1")
    assert list(runs.statuses(limited)) == ["S0", "S1", "S2"]
    limit = {"MaxParallelExecutionSteps": 4}
    runs.client.update_pipeline_execution(PipelineExecutionArn=limited, ParallelismConfiguration=limit)
    assert list(runs.statuses(limited)) == ["S0", "S1", "S2", "S3"]


def test_a_pipeline_s_limit_holds_for_its_executions(runs, make):
    runs.create(make.body(*(make.processing(f"S{n}") for n in range(3))), ParallelismConfiguration=ONE)
    arn = runs.start()
    assert list(runs.statuses(arn)) == ["S0"]
    assert runs.execution(arn)["ParallelismConfiguration"] == ONE


def test_after_a_failure_no_step_starts_and_running_ones_continue(runs, make):
    body = make.body(make.processing("A"), make.processing("B"), make.processing("C", DependsOn=["B"]))
    arn = runs.start(body)
    runs.jobs.finish("A", "Failed", "AlgorithmError: no rows")
    assert (runs.status(arn), runs.statuses(arn)) == ("Executing", {"A": "Failed", "B": "Executing"})
    runs.jobs.finish("B")
    assert runs.statuses(arn) == {"A": "Failed", "B": "Succeeded"}
    execution = runs.execution(arn)
    assert execution["PipelineExecutionStatus"] == "Failed"
    assert execution["FailureReason"] == "Step failure: One or multiple steps failed."
    assert runs.steps(arn)["A"]["FailureReason"] == "AlgorithmError: no rows"
    listed = runs.client.list_pipeline_executions(PipelineName="churn")["PipelineExecutionSummaries"][0]
    assert listed["PipelineExecutionFailureReason"] == execution["FailureReason"]


def test_parameters_reach_the_steps_with_their_types(runs, make, refused):
    parameters = [
        {"Name": "Machines", "Type": "Integer", "DefaultValue": 1},
        {"Name": "Mode", "Type": "String", "EnumValues": ["a", "b"]},
    ]
    step = make.processing("Work", {"Get": "Parameters.Mode"})
    step["Arguments"]["ProcessingResources"]["ClusterConfig"] = {
        "InstanceCount": {"Get": "Parameters.Machines"},
        "InstanceType": "ml.m5.large",
        "VolumeSizeInGB": 1,
    }
    arn = runs.start(make.body(step, parameters=parameters), {"Machines": "3", "Mode": "b"})
    job = runs.jobs.jobs[runs.jobs.of("Work")]
    assert job["ProcessingResources"]["ClusterConfig"]["InstanceCount"] == 3
    assert job["AppSpecification"]["ContainerArguments"] == ["b"]
    listed = runs.client.list_pipeline_parameters_for_execution(PipelineExecutionArn=arn)["PipelineParameters"]
    assert listed == [{"Name": "Machines", "Value": "3"}, {"Name": "Mode", "Value": "b"}]
    for given in ({}, {"Mode": "c"}, {"Mode": "a", "Machines": "x"}, {"Mode": "a", "Nope": "1"}, {"Mode": ""}):
        with refused("ValidationException"):
            runs.start(None, given)
    assert len(runs.client.list_pipeline_executions(PipelineName="churn")["PipelineExecutionSummaries"]) == 1


def test_a_token_starts_once(runs, make, token, refused):
    runs.create(make.body(make.fail("Stop")))
    same = token()
    assert runs.start(ClientRequestToken=same) == runs.start(ClientRequestToken=same)
    with refused("ConflictException"):
        runs.start(ClientRequestToken=same, PipelineExecutionDescription="another")
    assert len(runs.client.list_pipeline_executions(PipelineName="churn")["PipelineExecutionSummaries"]) == 1


def test_an_execution_keeps_its_version(runs, make):
    old, new = make.body(make.processing("Old")), make.body(make.processing("New"))
    running = runs.start(old)
    runs.put(new)
    again = runs.start(PipelineVersionId=1)
    latest = runs.start()
    assert [list(runs.statuses(arn)) for arn in (running, again, latest)] == [["Old"], ["Old"], ["New"]]
    response = runs.client.describe_pipeline_definition_for_execution(PipelineExecutionArn=running)
    assert response["PipelineDefinition"] == old
    versions = runs.client.list_pipeline_versions(PipelineName="churn")["PipelineVersionSummaries"]
    assert [v["LastExecutionPipelineExecutionArn"] for v in versions] == [latest, again]
    arn = runs.client.describe_pipeline(PipelineName="churn")["PipelineArn"]
    runs.client.update_pipeline_version(
        PipelineArn=arn, PipelineVersionId=1, PipelineVersionAliasOperations={"Add": ["prod"]}
    )
    response = runs.client.list_pipeline_executions(PipelineName="churn", PipelineVersionAlias="prod")
    assert [s["PipelineExecutionArn"] for s in response["PipelineExecutionSummaries"]] == [again, running]


def test_stopping_stops_the_jobs(runs, make):
    body = make.body(make.processing("P"), make.training("T"), make.processing("After", DependsOn=["P", "T"]))
    arn = runs.start(body)
    runs.client.stop_pipeline_execution(PipelineExecutionArn=arn)
    assert runs.status(arn) == "Stopping"
    assert runs.statuses(arn) == {"P": "Stopping", "T": "Stopped"}
    assert runs.jobs.jobs[runs.jobs.of("P")]["requested"] == "stop"
    runs.jobs.finish("P", "Stopped")
    assert (runs.status(arn), runs.statuses(arn)) == ("Stopped", {"P": "Stopped", "T": "Stopped"})


@pytest.mark.parametrize(
    ("end", "step", "whole"), [("Completed", "Succeeded", "Stopped"), ("Failed",) * 2 + ("Failed",)]
)
def test_a_job_may_complete_or_fail_while_it_is_stopped(runs, make, end, step, whole):
    arn = runs.start(make.body(make.processing("P"), make.processing("After", DependsOn=["P"])))
    runs.client.stop_pipeline_execution(PipelineExecutionArn=arn)
    runs.jobs.finish("P", end)
    assert (runs.statuses(arn), runs.status(arn)) == ({"P": step}, whole)


def test_a_job_stopped_by_a_request_fails_its_step(runs, make):
    arn = runs.start(make.body(make.processing("P")))
    runs.jobs.finish("P", "Stopped")
    assert runs.status(arn) == "Failed"
    assert "was stopped" in runs.steps(arn)["P"]["FailureReason"]


@pytest.mark.parametrize(
    "members",
    [
        {"ExitMessage": f"{TOO_LONG}: it ran longer than 1 s (MaxRuntimeInSeconds)."},
        {"SecondaryStatusTransitions": [{"Status": "MaxRuntimeExceeded", "StatusMessage": f"{TOO_LONG}: ..."}]},
    ],
)
def test_a_job_beyond_its_time_fails_its_step_with_that_reason(runs, make, members):
    arn = runs.start(make.body(make.processing("P")))
    runs.jobs.finish("P", "Stopped", **members)
    reason = runs.steps(arn)["P"]["FailureReason"]
    assert "The maximum runtime was exceeded" in reason
    assert "was stopped" not in reason


def test_only_what_runs_is_stopped_and_only_what_failed_is_retried(runs, make, refused, token):
    arn = runs.start(make.body(make.processing("P")))
    with refused("ValidationException", "only one that is Failed or Stopped can be retried"):
        runs.client.retry_pipeline_execution(PipelineExecutionArn=arn)
    same = token()
    for _ in range(2):
        runs.client.stop_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken=same)
    with refused("ValidationException", "only one that is Executing can be stopped"):
        runs.client.stop_pipeline_execution(PipelineExecutionArn=arn)
    with refused("ResourceNotFound"):
        runs.client.stop_pipeline_execution(PipelineExecutionArn=f"{arn}x")


def test_a_retry_runs_what_failed_and_what_follows(runs, make, token):
    body = make.body(make.processing("A"), make.processing("B", DependsOn=["A"]), make.processing("C", DependsOn=["B"]))
    arn = runs.start(body)
    runs.jobs.finish("A")
    runs.jobs.finish("B", "Failed", "broken")
    same = token()
    for _ in range(2):
        response = runs.client.retry_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken=same)
        assert response["PipelineExecutionArn"] == arn
    assert runs.statuses(arn) == {"A": "Succeeded", "B": "Executing"}
    assert "FailureReason" not in runs.execution(arn)
    runs.jobs.finish("B")
    runs.jobs.finish("C")
    assert runs.status(arn) == "Succeeded"
    assert len(runs.jobs.jobs) == 4, "A ran once"


def test_a_stopped_execution_is_retried(runs, make):
    arn = runs.start(make.body(make.training("T")))
    runs.client.stop_pipeline_execution(PipelineExecutionArn=arn)
    runs.client.retry_pipeline_execution(PipelineExecutionArn=arn)
    runs.jobs.finish("T")
    assert runs.status(arn) == "Succeeded"


def test_lists_are_newest_first_filtered_and_paged(runs, make):
    runs.create(make.body(*(make.fail(f"S{n}") for n in range(3))))
    started = []
    for _ in range(3):
        started.append(runs.start())
        runs.cloud.clock.advance(10)
    middle = runs.execution(started[1])["CreationTime"].timestamp()

    def list_arns(**request):
        response = runs.client.list_pipeline_executions(PipelineName="churn", **request)
        return [started.index(s["PipelineExecutionArn"]) for s in response["PipelineExecutionSummaries"]]

    assert list_arns() == [2, 1, 0]
    assert list_arns(SortOrder="Ascending") == [0, 1, 2]
    assert list_arns(CreatedAfter=middle + 5) == [2]
    assert list_arns(CreatedBefore=middle + 5) == [1, 0]
    assert list_arns(SortBy="PipelineExecutionArn", SortOrder="Ascending") == [
        started.index(a) for a in sorted(started)
    ]
    pages = runs.client.get_paginator("list_pipeline_executions").paginate(
        PipelineName="churn", PaginationConfig={"PageSize": 2}
    )
    assert [len(page["PipelineExecutionSummaries"]) for page in pages] == [2, 1]


def test_steps_are_listed_newest_first(runs, make):
    arn = runs.start(make.body(make.processing("A"), make.processing("B")))
    listed = runs.client.list_pipeline_execution_steps(PipelineExecutionArn=arn)["PipelineExecutionSteps"]
    assert [step["StepName"] for step in listed] == ["B", "A"]


def test_every_change_of_status_is_an_event_in_aws_s_layout(runs, make):
    arn = runs.start(make.body(make.processing("Work")), PipelineExecutionDisplayName="mine")
    runs.jobs.finish("Work", "Failed", "AlgorithmError: x")
    pipeline = arn.partition("/execution")[0]
    steps = runs.events("Execution Step")
    assert [(e["detail"].get("previousStepStatus"), e["detail"]["currentStepStatus"]) for e in steps] == [
        (None, "Starting"),
        ("Starting", "Executing"),
        ("Executing", "Failed"),
    ]
    last = steps[-1]
    assert (last["source"], last["resources"]) == ("aws.sagemaker", [pipeline, arn])
    at = runs.cloud.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    assert last["detail"] == {
        "metadata": {"processingJob": {"arn": runs.steps(arn)["Work"]["Metadata"]["ProcessingJob"]["Arn"]}},
        "stepStartTime": at,
        "stepEndTime": at,
        "stepName": "Work",
        "stepType": "Processing",
        "previousStepStatus": "Executing",
        "currentStepStatus": "Failed",
        "failureReason": "AlgorithmError: x",
        "pipelineArn": pipeline,
        "pipelineExecutionArn": arn,
    }
    assert [event["detail"] for event in runs.events("Execution")] == [
        {
            "pipelineExecutionDisplayName": "mine",
            "currentPipelineExecutionStatus": "Executing",
            "executionStartTime": at,
            "pipelineArn": pipeline,
            "pipelineExecutionArn": arn,
        },
        {
            "pipelineExecutionDisplayName": "mine",
            "currentPipelineExecutionStatus": "Failed",
            "previousPipelineExecutionStatus": "Executing",
            "executionStartTime": at,
            "executionEndTime": at,
            "pipelineArn": pipeline,
            "pipelineExecutionArn": arn,
        },
    ]


def test_fifty_executions_at_once_end_as_expected(runs, make):
    """Many threads start them and end their jobs; no thread is left."""
    gate = make.condition(
        "Gate",
        make.compare("GreaterThan", {"Get": "Parameters.N"}, 24),
        then=[make.register("Register")],
        otherwise=[make.fail("Stop")],
        DependsOn=["A", "B"],
    )
    number = {"Name": "N", "Type": "Integer"}
    runs.create(make.body(make.processing("A"), make.training("B"), gate, parameters=[number]))
    runs.client.list_pipelines()
    before = threading.active_count()
    with ThreadPoolExecutor(50) as pool:
        arns = dict(enumerate(pool.map(lambda n: runs.start(None, {"N": str(n)}), range(50), timeout=60)))
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(runs.jobs.end, runs.jobs.running(), timeout=60))
    assert {n: runs.status(arn) for n, arn in arns.items()} == {
        n: "Succeeded" if n > 24 else "Failed" for n in range(50)
    }
    assert len(runs.jobs.jobs) == 100
    assert len(runs.registry.groups["churn"]) == 25
    assert threading.active_count() <= before + 20, "the server's own threads at most"


def test_the_end_of_a_job_is_reported_under_the_lock(runs, make):
    def others_get_it():
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(runs.cloud.lock.acquire, timeout=0.05).result()

    held = []
    runs.jobs.listeners.append(lambda kind, name, description: held.append((kind, not others_get_it())))
    runs.start(make.body(make.training("T")))
    runs.jobs.finish("T")
    assert held == [("TrainingJob", True)]


def test_a_stepped_clock_gives_the_same_times_every_time(runs, make):
    runs.create(make.body(make.processing("A"), make.processing("B", DependsOn=["A"])))
    runs.jobs.lasting = 60

    def times():
        arn = runs.start()
        runs.cloud.clock.advance(200)
        began = runs.execution(arn)["CreationTime"]
        steps = runs.steps(arn).values()
        return [round((step[when] - began).total_seconds()) for step in steps for when in ("StartTime", "EndTime")]

    assert times() == times() == [0, 60, 60, 120]


def test_a_defect_fails_the_step_and_is_counted(runs, make, monkeypatch):
    def broken(*_):
        raise RuntimeError("a bug")

    monkeypatch.setattr(Steps, "prepare", broken)
    arn = runs.start(make.body(make.processing("A")))
    assert runs.status(arn) == "Failed"
    assert runs.steps(arn)["A"]["FailureReason"] == "InternalServerError: RuntimeError inside localcloud"
    assert runs.cloud.counters["500"] == 1
    runs.cloud.counters._counter.clear()  # the fixture fails a test with defects


def test_a_reset_deletes_everything(runs, make, refused):
    arn = runs.start(make.body(make.processing("A")))
    job = runs.jobs.of("A")
    runs.cloud.reset()
    runs.jobs.end(job)
    with refused("ResourceNotFound"):
        runs.execution(arn)
    assert runs.client.list_pipelines()["PipelineSummaries"] == []
