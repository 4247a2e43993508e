"""Executions from their source to their end."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.pipeline_declarations import approval, build, declared, stage

EXPORTING = """
version: 0.2
env: {exported-variables: [RESULT]}
phases: {build: {commands: ['export RESULT="$WORD $CODEBUILD_RESOLVED_SOURCE_VERSION"', 'echo made >made']}}
artifacts: {files: [made]}
"""


def test_a_commit_goes_through_a_build_and_its_results_go_on(
    cloud: Any, pipelines: Any, bucket: Any, ready: Any, started: Any, over: Any, runs: Any
) -> None:
    commit = ready(EXPORTING)
    first = build("First", {"WORD": "#{variables.WORD}"}, namespace="First", outputs=["Made"])
    words = {"SAID": "#{First.RESULT}", "ID": "#{codepipeline.PipelineExecutionId}"}
    second = build("Second", words, inputs=["Source", "Made"], runOrder=2, configuration={"PrimarySource": "Source"})
    variables = [{"name": "WORD", "defaultValue": "hello"}]
    pipelines.create_pipeline(pipeline=declared(stage("Build", first, second), variables=variables))
    execution = started(variables=[{"name": "WORD", "value": "built"}])
    assert over(execution) == "Succeeded"
    told = pipelines.get_pipeline_execution(pipelineName="ship", pipelineExecutionId=execution)["pipelineExecution"]
    assert told["variables"] == [{"name": "WORD", "resolvedValue": "built"}]
    assert (told["artifactRevisions"][0]["revisionId"], told["artifactRevisions"][0]["name"]) == (commit, "Source")
    source, one, two = runs(execution)
    assert source["output"]["outputVariables"]["CommitMessage"] == "the first"
    assert one["output"]["outputVariables"]["RESULT"] == f"built {commit}"
    asked = json.loads(two["input"]["resolvedConfiguration"]["EnvironmentVariables"])
    assert asked == [{"name": "SAID", "value": f"built {commit}"}, {"name": "ID", "value": execution}]
    place = one["output"]["outputArtifacts"][0]["s3location"]
    assert place["key"].startswith("ship/Made/")
    body = bucket.get_object(Bucket=place["bucket"], Key=place["key"])["Body"].read()
    assert zipfile.ZipFile(io.BytesIO(body)).namelist() == ["made"]
    build_id = two["output"]["executionResult"]["externalExecutionId"]
    (done,) = cloud.client("codebuild").batch_get_builds(ids=[build_id])["builds"]
    assert done["initiator"] == "codepipeline/ship"
    assert done["secondarySources"][0]["sourceIdentifier"] == "Made"


def test_a_new_pipeline_runs_at_once_where_it_can(pipelines: Any, ready: Any, bucket: Any, over: Any) -> None:
    two = stage("Build", build())
    pipelines.create_pipeline(pipeline=declared(two, name="before"))
    ready()
    pipelines.create_pipeline(pipeline=declared(two))
    pipelines.create_pipeline(pipeline=declared(two, name="asking", variables=[{"name": "WHAT"}]))
    (one,) = pipelines.list_pipeline_executions(pipelineName="ship")["pipelineExecutionSummaries"]
    assert one["trigger"]["triggerType"] == "CreatePipeline"
    assert over(one["pipelineExecutionId"]) == "Succeeded"
    for name in ("before", "asking"):
        assert pipelines.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"] == []


FAILS_ONCE = """
version: 0.2
phases: {build: {commands: ['test "$NAME" = good || test -e "$FLAG" || { touch "$FLAG"; exit 1; }']}}
"""


@pytest.mark.parametrize(("mode", "expected"), [("FAILED_ACTIONS", 1), ("ALL_ACTIONS", 2)])
def test_a_failed_stage_is_tried_again(
    pipelines: Any, ready: Any, started: Any, over: Any, runs: Any, tmp_path: Any, mode: str, expected: int
) -> None:
    ready(FAILS_ONCE)
    bad = build("Bad", {"FLAG": str(tmp_path / "flag"), "NAME": "bad"})
    pipelines.create_pipeline(
        pipeline=declared(stage("Build", build("Good", {"NAME": "good"}), bad), variables=[{"name": "A"}])
    )
    execution = started(variables=[{"name": "A", "value": "1"}])
    assert over(execution) == "Failed"
    failed = next(run for run in runs(execution) if run["actionName"] == "Bad")
    assert failed["output"]["executionResult"]["errorDetails"]["code"] == "JobFailed"
    assert "COMMAND_EXECUTION_ERROR" in failed["output"]["executionResult"]["errorDetails"]["message"]
    where = {"pipelineName": "ship", "stageName": "Build", "pipelineExecutionId": execution}
    pipelines.retry_stage_execution(**where, retryMode=mode)
    assert over(execution) == "Succeeded"
    names = [run["actionName"] for run in runs(execution)]
    assert (names.count("Bad"), names.count("Good"), names.count("Source")) == (2, expected, 1)
    with pytest.raises(ClientError, match="has not failed: nothing to retry"):
        pipelines.retry_stage_execution(**where, retryMode=mode)


def test_a_stage_may_try_again_by_itself(
    cloud: Any, pipelines: Any, ready: Any, started: Any, over: Any, tmp_path: Any
) -> None:
    ready(FAILS_ONCE)
    again = {"result": "RETRY", "retryConfiguration": {"retryMode": "FAILED_ACTIONS"}}
    flag = {"FLAG": str(tmp_path / "flag")}
    pipelines.create_pipeline(pipeline=declared(stage("Build", build("Bad", flag), onFailure=again), variables=[A]))
    assert over(started(variables=[ONE])) == "Succeeded"
    state = pipelines.get_pipeline_state(name="ship")["stageStates"][1]
    assert state["retryStageMetadata"]["autoStageRetryAttempt"] == 1
    states = [
        event["detail"]["state"]
        for event in cloud.events.recent
        if event["detail-type"] == "CodePipeline Pipeline Execution State Change"
    ]
    assert states == ["STARTED", "SUCCEEDED"]


A, ONE = {"name": "A"}, {"name": "A", "value": "1"}


def test_a_rollback_runs_the_stage_with_what_was_good(
    pipelines: Any, ready: Any, pushed: Any, started: Any, over: Any, runs: Any
) -> None:
    good = ready()
    pipelines.create_pipeline(
        pipeline=declared(stage("Build", build(), onFailure={"result": "ROLLBACK"}), variables=[A])
    )
    first = started(variables=[ONE])
    assert over(first) == "Succeeded"
    pushed({"buildspec.yml": "version: 0.2\nphases: {build: {commands: [exit 1]}}"})
    assert over(started(variables=[ONE])) == "Failed"
    told = pipelines.list_pipeline_executions(pipelineName="ship")["pipelineExecutionSummaries"]
    back = told[0]
    assert (back["executionType"], back["trigger"]["triggerType"]) == ("ROLLBACK", "AutomatedRollback")
    assert back["rollbackMetadata"]["rollbackTargetPipelineExecutionId"] == first
    assert over(back["pipelineExecutionId"]) == "Succeeded"
    assert [run["actionName"] for run in runs(back["pipelineExecutionId"])] == ["Build"]
    assert back["sourceRevisions"][0]["revisionId"] == good
    again = pipelines.rollback_stage(pipelineName="ship", stageName="Build", targetPipelineExecutionId=first)
    assert over(again["pipelineExecutionId"]) == "Succeeded"
    with pytest.raises(ClientError, match="source stage cannot be rolled back"):
        pipelines.rollback_stage(pipelineName="ship", stageName="Source", targetPipelineExecutionId=first)


@pytest.mark.parametrize(
    ("said", "sentence"),
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
def test_what_a_start_must_say(pipelines: Any, ready: Any, said: Any, sentence: str) -> None:
    ready()
    pipelines.create_pipeline(pipeline=declared(stage("Build", build()), variables=[A]))
    with pytest.raises(ClientError, match=sentence):
        pipelines.start_pipeline_execution(name="ship", **said)
    assert pipelines.list_pipeline_executions(pipelineName="ship")["pipelineExecutionSummaries"] == []


def test_the_same_token_starts_one_execution(pipelines: Any, ready: Any, started: Any, over: Any) -> None:
    ready()
    pipelines.create_pipeline(pipeline=declared(stage("Build", build()), variables=[A]))
    ids = {started(variables=[ONE], clientRequestToken="t") for _ in range(2)}
    assert len(ids) == 1
    over(ids.pop())


def test_an_older_commit_can_be_asked_for(pipelines: Any, ready: Any, pushed: Any, started: Any, over: Any) -> None:
    old = ready()
    pushed({"other": "x"})
    pipelines.create_pipeline(pipeline=declared(stage("Build", build()), variables=[A]))
    override = {"actionName": "Source", "revisionType": "COMMIT_ID", "revisionValue": old}
    execution = started(variables=[ONE], sourceRevisions=[override])
    over(execution)
    told = pipelines.get_pipeline_execution(pipelineName="ship", pipelineExecutionId=execution)["pipelineExecution"]
    assert told["artifactRevisions"][0]["revisionId"] == old


def test_what_cannot_be_had_fails_its_action_with_a_reason(
    pipelines: Any, ready: Any, started: Any, over: Any, runs: Any
) -> None:
    ready()
    nothing = build("First", outputs=["None"])
    pipelines.create_pipeline(
        pipeline=declared(
            stage("Build", nothing),
            stage("Use", build("Use", inputs=["None"])),
            variables=[A],
        )
    )
    execution = started(variables=[ONE])
    assert over(execution) == "Failed"
    result = runs(execution)[-1]["output"]["executionResult"]
    assert "The artifact None does not exist" in result["errorDetails"]["message"]


def test_events_tell_of_executions_stages_and_actions(
    cloud: Any, pipelines: Any, ready: Any, started: Any, over: Any
) -> None:
    ready()
    pipelines.create_pipeline(pipeline=declared(stage("Build", build()), variables=[A]))
    execution = started(variables=[ONE])
    over(execution)
    told = [event for event in cloud.events.recent if event["source"] == "aws.codepipeline"]
    assert {event["detail"]["execution-id"] for event in told} == {execution}
    kinds = [(event["detail-type"].split()[1], event["detail"]["state"]) for event in told]
    inside = [("Stage", "STARTED"), ("Action", "STARTED"), ("Action", "SUCCEEDED"), ("Stage", "SUCCEEDED")]
    assert kinds == [("Pipeline", "STARTED"), *inside, *inside, ("Pipeline", "SUCCEEDED")]
    assert told[0]["detail"]["version"] == 1
    assert told[0]["resources"] == [cloud.arn("codepipeline", "ship")]
    last = told[-3]["detail"]
    assert (last["stage"], last["action"], last["type"]["provider"]) == ("Build", "Build", "CodeBuild")
    assert last["input-artifacts"][0]["name"] == "Source"


def test_pipelines_are_told_changed_and_deleted(cloud: Any, pipelines: Any, ready: Any) -> None:
    tags = [{"key": "a", "value": "b"}]
    made = pipelines.create_pipeline(pipeline=declared(stage("A", approval())), tags=tags)
    assert (made["pipeline"]["version"], made["tags"]) == (1, tags)
    with pytest.raises(ClientError, match="already exists"):
        pipelines.create_pipeline(pipeline=declared(stage("A", approval())))
    with pytest.raises(ClientError, match="at least 2 stages"):
        pipelines.update_pipeline(pipeline=declared())
    pipelines.update_pipeline(pipeline=declared(stage("B", approval())))
    told = pipelines.get_pipeline(name="ship")
    assert (told["pipeline"]["version"], told["pipeline"]["stages"][1]["name"]) == (2, "B")
    assert pipelines.get_pipeline(name="ship", version=1)["pipeline"] == made["pipeline"]
    with pytest.raises(ClientError, match="no version 3") as unknown:
        pipelines.get_pipeline(name="ship", version=3)
    assert unknown.value.response["Error"]["Code"] == "PipelineVersionNotFoundException"
    arn = told["metadata"]["pipelineArn"]
    pipelines.tag_resource(resourceArn=arn, tags=[{"key": "c", "value": "d"}])
    pipelines.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert pipelines.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "c", "value": "d"}]
    assert [one["name"] for one in pipelines.list_pipelines()["pipelines"]] == ["ship"]
    pipelines.delete_pipeline(name="ship")
    with pytest.raises(ClientError, match="does not have a pipeline with name 'ship'"):
        pipelines.get_pipeline_state(name="ship")
