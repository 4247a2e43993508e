"""Executions from their source to their end."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.pipeline_declarations import approval, build, declare, stage, unless

EXPORTING = """
version: 0.2
env: {exported-variables: [RESULT]}
phases: {build: {commands: ['export RESULT="$WORD $CODEBUILD_RESOLVED_SOURCE_VERSION"', 'echo new >file']}}
artifacts: {files: [file]}
"""


def test_artifacts_and_variables_pass_from_the_source_to_the_last_build(
    cloud: Any, pipelines: Any, bucket: Any, prepare: Any, start: Any, final_status: Any, runs: Any
) -> None:
    commit = prepare(EXPORTING)
    first = build("First", {"WORD": "#{variables.WORD}"}, namespace="First", outputs=["Output"])
    references = {"RESULT": "#{First.RESULT}", "ID": "#{codepipeline.PipelineExecutionId}"}
    second = build(
        "Second", references, inputs=["Source", "Output"], runOrder=2, configuration={"PrimarySource": "Source"}
    )
    variables = [{"name": "WORD", "defaultValue": "hello"}]
    pipelines.create_pipeline(pipeline=declare(stage("Build", first, second), variables=variables))
    execution = start(variables=[{"name": "WORD", "value": "built"}])
    assert final_status(execution) == "Succeeded"
    description = pipelines.get_pipeline_execution(pipelineName="ship", pipelineExecutionId=execution)[
        "pipelineExecution"
    ]
    assert description["variables"] == [{"name": "WORD", "resolvedValue": "built"}]
    assert (description["artifactRevisions"][0]["revisionId"], description["artifactRevisions"][0]["name"]) == (
        commit,
        "Source",
    )
    source, first_run, second_run = runs(execution)
    assert source["output"]["outputVariables"]["CommitMessage"] == "the first"
    assert first_run["output"]["outputVariables"]["RESULT"] == f"built {commit}"
    environment = json.loads(second_run["input"]["resolvedConfiguration"]["EnvironmentVariables"])
    assert environment == [{"name": "RESULT", "value": f"built {commit}"}, {"name": "ID", "value": execution}]
    place = first_run["output"]["outputArtifacts"][0]["s3location"]
    assert place["key"].startswith("ship/Output/")
    body = bucket.get_object(Bucket=place["bucket"], Key=place["key"])["Body"].read()
    assert zipfile.ZipFile(io.BytesIO(body)).namelist() == ["file"]
    build_id = second_run["output"]["executionResult"]["externalExecutionId"]
    (ran,) = cloud.client("codebuild").batch_get_builds(ids=[build_id])["builds"]
    assert ran["initiator"] == "codepipeline/ship"
    assert ran["secondarySources"][0]["sourceIdentifier"] == "Output"


@pytest.mark.parametrize(("word", "skipped"), [("yes", ()), ("no", ("Approve", "Last"))])
def test_a_stage_is_skipped_unless_a_variable_has_a_value(
    pipelines: Any, prepare: Any, start: Any, final_status: Any, runs: Any, word: str, skipped: Any
) -> None:
    prepare(EXPORTING.replace("$CODEBUILD_RESOLVED_SOURCE_VERSION", ""))
    first = stage("First", build("First", {"WORD": word}, namespace="First"))
    condition = unless("#{First.RESULT}", Operator="MATCHES", Value="yes *")
    stages = [first, *(stage(name, build(name), **condition) for name in ("Approve", "Last"))]
    pipelines.create_pipeline(pipeline=declare(*stages))
    execution = start()
    assert final_status(execution) == "Succeeded"
    assert {"First", "Approve", "Last"} - {run["stageName"] for run in runs(execution)} == set(skipped)
    states = pipelines.get_pipeline_state(name="ship")["stageStates"]
    statuses = {each["stageName"]: each["latestExecution"]["status"] for each in states[2:]}
    assert statuses == dict.fromkeys(("Approve", "Last"), "Skipped" if skipped else "Succeeded")


def test_an_execution_whose_stages_are_skipped_does_not_wait_for_a_person(
    pipelines: Any, prepare: Any, start: Any, final_status: Any, approval_token: Any, decide: Any
) -> None:
    """It waits for the stage like every execution, and lets the next one in."""
    prepare()
    condition = unless("#{variables.ASK}")
    variables = [{"name": "ASK", "defaultValue": "yes"}]
    pipelines.create_pipeline(pipeline=declare(stage("Approve", approval(), **condition), variables=variables))
    (created,) = pipelines.list_pipeline_executions(pipelineName="ship")["pipelineExecutionSummaries"]
    first, skipped, third = created["pipelineExecutionId"], start(variables=[{"name": "ASK", "value": "no"}]), start()
    decide(approval_token("Approve", first))
    assert final_status(skipped) == "Succeeded"
    decide(approval_token("Approve", third))
    assert (final_status(first), final_status(third)) == ("Succeeded", "Succeeded")


def test_a_new_pipeline_runs_at_once_if_it_can(pipelines: Any, prepare: Any, bucket: Any, final_status: Any) -> None:
    build_stage = stage("Build", build())
    pipelines.create_pipeline(pipeline=declare(build_stage, name="before"))
    prepare()
    pipelines.create_pipeline(pipeline=declare(build_stage))
    pipelines.create_pipeline(pipeline=declare(build_stage, name="unset", variables=[{"name": "WHAT"}]))
    (summary,) = pipelines.list_pipeline_executions(pipelineName="ship")["pipelineExecutionSummaries"]
    assert summary["trigger"]["triggerType"] == "CreatePipeline"
    assert final_status(summary["pipelineExecutionId"]) == "Succeeded"
    for name in ("before", "unset"):
        assert pipelines.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"] == []


FAILS_ONCE = """
version: 0.2
phases: {build: {commands: ['test "$NAME" = good || test -e "$FLAG" || { touch "$FLAG"; exit 1; }']}}
"""


@pytest.mark.parametrize(("mode", "expected"), [("FAILED_ACTIONS", 1), ("ALL_ACTIONS", 2)])
def test_a_failed_stage_is_retried(
    pipelines: Any, prepare: Any, start: Any, final_status: Any, runs: Any, tmp_path: Any, mode: str, expected: int
) -> None:
    prepare(FAILS_ONCE)
    bad = build("Bad", {"FLAG": str(tmp_path / "flag"), "NAME": "bad"})
    pipelines.create_pipeline(
        pipeline=declare(stage("Build", build("Good", {"NAME": "good"}), bad), variables=[{"name": "A"}])
    )
    execution = start(variables=[{"name": "A", "value": "1"}])
    assert final_status(execution) == "Failed"
    failed = next(run for run in runs(execution) if run["actionName"] == "Bad")
    assert failed["output"]["executionResult"]["errorDetails"]["code"] == "JobFailed"
    assert "COMMAND_EXECUTION_ERROR" in failed["output"]["executionResult"]["errorDetails"]["message"]
    where = {"pipelineName": "ship", "stageName": "Build", "pipelineExecutionId": execution}
    pipelines.retry_stage_execution(**where, retryMode=mode)
    assert final_status(execution) == "Succeeded"
    names = [run["actionName"] for run in runs(execution)]
    assert (names.count("Bad"), names.count("Good"), names.count("Source")) == (2, expected, 1)
    with pytest.raises(ClientError, match="has not failed: nothing to retry"):
        pipelines.retry_stage_execution(**where, retryMode=mode)


def test_a_stage_is_retried_automatically_once(
    cloud: Any, pipelines: Any, prepare: Any, start: Any, final_status: Any, tmp_path: Any
) -> None:
    prepare(FAILS_ONCE)
    again = {"result": "RETRY", "retryConfiguration": {"retryMode": "FAILED_ACTIONS"}}
    flag = {"FLAG": str(tmp_path / "flag")}
    pipelines.create_pipeline(pipeline=declare(stage("Build", build("Bad", flag), onFailure=again), variables=[A]))
    assert final_status(start(variables=[ONE])) == "Succeeded"
    state = pipelines.get_pipeline_state(name="ship")["stageStates"][1]
    assert state["retryStageMetadata"]["autoStageRetryAttempt"] == 1
    states = [
        event["detail"]["state"]
        for event in cloud.events.recent
        if event["detail-type"] == "CodePipeline Pipeline Execution State Change"
    ]
    assert states == ["STARTED", "SUCCEEDED"]


A, ONE = {"name": "A"}, {"name": "A", "value": "1"}


def test_a_rollback_runs_the_stage_with_earlier_artifacts(
    pipelines: Any, prepare: Any, push_files: Any, start: Any, final_status: Any, runs: Any
) -> None:
    good = prepare()
    pipelines.create_pipeline(
        pipeline=declare(stage("Build", build(), onFailure={"result": "ROLLBACK"}), variables=[A])
    )
    first = start(variables=[ONE])
    assert final_status(first) == "Succeeded"
    push_files({"buildspec.yml": "version: 0.2\nphases: {build: {commands: [exit 1]}}"})
    assert final_status(start(variables=[ONE])) == "Failed"
    rollback = pipelines.list_pipeline_executions(pipelineName="ship")["pipelineExecutionSummaries"][0]
    assert (rollback["executionType"], rollback["trigger"]["triggerType"]) == ("ROLLBACK", "AutomatedRollback")
    assert rollback["rollbackMetadata"]["rollbackTargetPipelineExecutionId"] == first
    assert final_status(rollback["pipelineExecutionId"]) == "Succeeded"
    assert [run["actionName"] for run in runs(rollback["pipelineExecutionId"])] == ["Build"]
    assert rollback["sourceRevisions"][0]["revisionId"] == good
    again = pipelines.rollback_stage(pipelineName="ship", stageName="Build", targetPipelineExecutionId=first)
    assert final_status(again["pipelineExecutionId"]) == "Succeeded"
    with pytest.raises(ClientError, match="source stage cannot be rolled back"):
        pipelines.rollback_stage(pipelineName="ship", stageName="Source", targetPipelineExecutionId=first)


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({}, "The variable A of pipeline ship has no default"),
        ({"variables": [ONE, {"name": "B", "value": "1"}]}, "declares no variable B; it has: A"),
        (
            {
                "variables": [ONE],
                "sourceRevisions": [{"actionName": "Source", "revisionType": "IMAGE_DIGEST", "revisionValue": "x"}],
            },
            "fits no source action",
        ),
    ],
)
def test_an_invalid_start_is_refused(pipelines: Any, prepare: Any, members: Any, sentence: str) -> None:
    prepare()
    pipelines.create_pipeline(pipeline=declare(stage("Build", build()), variables=[A]))
    with pytest.raises(ClientError, match=sentence):
        pipelines.start_pipeline_execution(name="ship", **members)
    assert pipelines.list_pipeline_executions(pipelineName="ship")["pipelineExecutionSummaries"] == []


def test_the_same_token_starts_one_execution(pipelines: Any, prepare: Any, start: Any, final_status: Any) -> None:
    prepare()
    pipelines.create_pipeline(pipeline=declare(stage("Build", build()), variables=[A]))
    ids = {start(variables=[ONE], clientRequestToken="t") for _ in range(2)}
    assert len(ids) == 1
    final_status(ids.pop())


def test_an_older_commit_can_be_requested(
    pipelines: Any, prepare: Any, push_files: Any, start: Any, final_status: Any
) -> None:
    old = prepare()
    push_files({"other": "x"})
    pipelines.create_pipeline(pipeline=declare(stage("Build", build()), variables=[A]))
    override = {"actionName": "Source", "revisionType": "COMMIT_ID", "revisionValue": old}
    execution = start(variables=[ONE], sourceRevisions=[override])
    final_status(execution)
    description = pipelines.get_pipeline_execution(pipelineName="ship", pipelineExecutionId=execution)[
        "pipelineExecution"
    ]
    assert description["artifactRevisions"][0]["revisionId"] == old


def test_a_missing_artifact_fails_its_action(
    pipelines: Any, prepare: Any, start: Any, final_status: Any, runs: Any
) -> None:
    prepare()
    nothing = build("First", outputs=["None"])
    pipelines.create_pipeline(
        pipeline=declare(
            stage("Build", nothing),
            stage("Use", build("Use", inputs=["None"])),
            variables=[A],
        )
    )
    execution = start(variables=[ONE])
    assert final_status(execution) == "Failed"
    result = runs(execution)[-1]["output"]["executionResult"]
    assert "The artifact None does not exist" in result["errorDetails"]["message"]


def test_events_of_executions_stages_and_actions(
    cloud: Any, pipelines: Any, prepare: Any, start: Any, final_status: Any
) -> None:
    prepare()
    pipelines.create_pipeline(pipeline=declare(stage("Build", build()), variables=[A]))
    execution = start(variables=[ONE])
    final_status(execution)
    events = [event for event in cloud.events.recent if event["source"] == "aws.codepipeline"]
    assert {event["detail"]["execution-id"] for event in events} == {execution}
    kinds = [(event["detail-type"].split()[1], event["detail"]["state"]) for event in events]
    inside = [("Stage", "STARTED"), ("Action", "STARTED"), ("Action", "SUCCEEDED"), ("Stage", "SUCCEEDED")]
    assert kinds == [("Pipeline", "STARTED"), *inside, *inside, ("Pipeline", "SUCCEEDED")]
    assert events[0]["detail"]["version"] == 1
    assert events[0]["resources"] == [cloud.arn("codepipeline", "ship")]
    last = events[-3]["detail"]
    assert (last["stage"], last["action"], last["type"]["provider"]) == ("Build", "Build", "CodeBuild")
    assert last["input-artifacts"][0]["name"] == "Source"


def test_a_pipeline_is_created_updated_and_deleted(cloud: Any, pipelines: Any, prepare: Any) -> None:
    tags = [{"key": "a", "value": "b"}]
    created = pipelines.create_pipeline(pipeline=declare(stage("A", approval())), tags=tags)
    assert (created["pipeline"]["version"], created["tags"]) == (1, tags)
    with pytest.raises(ClientError, match="already exists"):
        pipelines.create_pipeline(pipeline=declare(stage("A", approval())))
    with pytest.raises(ClientError, match="at least 2 stages"):
        pipelines.update_pipeline(pipeline=declare())
    pipelines.update_pipeline(pipeline=declare(stage("B", approval())))
    description = pipelines.get_pipeline(name="ship")
    assert (description["pipeline"]["version"], description["pipeline"]["stages"][1]["name"]) == (2, "B")
    assert pipelines.get_pipeline(name="ship", version=1)["pipeline"] == created["pipeline"]
    with pytest.raises(ClientError, match="no version 3") as unknown:
        pipelines.get_pipeline(name="ship", version=3)
    assert unknown.value.response["Error"]["Code"] == "PipelineVersionNotFoundException"
    arn = description["metadata"]["pipelineArn"]
    pipelines.tag_resource(resourceArn=arn, tags=[{"key": "c", "value": "d"}])
    pipelines.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert pipelines.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "c", "value": "d"}]
    assert [each["name"] for each in pipelines.list_pipelines()["pipelines"]] == ["ship"]
    pipelines.delete_pipeline(name="ship")
    with pytest.raises(ClientError, match="does not have a pipeline with name 'ship'"):
        pipelines.get_pipeline_state(name="ship")
