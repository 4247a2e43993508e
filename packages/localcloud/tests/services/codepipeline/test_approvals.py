"""Approvals, transitions, stops, and which executions a stage admits at once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.pipeline_declarations import approval, build, declare, stage

A, ONE = {"name": "A"}, {"name": "A", "value": "1"}
APPROVE = stage("Approve", approval())


@pytest.fixture
def create_pipeline(pipelines: Any, prepare: Any) -> Any:
    """Creates a pipeline with the stages; without any it ends with an approval."""

    def create(*stages: Any, **members: Any) -> None:
        prepare()
        pipelines.create_pipeline(pipeline=declare(*(stages or (APPROVE,)), variables=[A], **members))

    return create


def test_an_execution_continues_after_its_approval(
    create_pipeline: Any, start: Any, approval_token: Any, decide: Any, final_status: Any, runs: Any
) -> None:
    create_pipeline()
    execution = start(variables=[ONE])
    token = approval_token()
    with pytest.raises(ClientError, match="The token is not that of the waiting approval"):
        decide("00000000-0000-0000-0000-000000000000")
    decide(token, summary="well done")
    assert final_status(execution) == "Succeeded"
    assert runs(execution)[-1]["output"]["executionResult"]["externalExecutionSummary"] == "well done"
    with pytest.raises(ClientError, match="is Succeeded already"):
        decide(token)


def test_a_rejection_fails_the_execution(
    pipelines: Any, create_pipeline: Any, start: Any, approval_token: Any, decide: Any, final_status: Any
) -> None:
    create_pipeline(APPROVE, stage("Never", build()))
    execution = start(variables=[ONE])
    decide(approval_token(), "Rejected", summary="not today")
    assert final_status(execution) == "Failed"
    states = {state["stageName"]: state for state in pipelines.get_pipeline_state(name="ship")["stageStates"]}
    assert states["Approve"]["latestExecution"]["status"] == "Failed"
    assert states["Approve"]["actionStates"][0]["latestExecution"]["summary"] == "not today"
    assert "latestExecution" not in states["Never"]


@pytest.mark.parametrize(("minutes", "wait"), [(None, 7 * 24 * 3600), (10, 600)])
def test_an_approval_times_out(
    cloud: Any, create_pipeline: Any, start: Any, approval_token: Any, status: Any, minutes: Any, wait: int
) -> None:
    create_pipeline(stage("Approve", approval(**({"timeoutInMinutes": minutes} if minutes else {}))))
    execution = start(variables=[ONE])
    approval_token()
    cloud.clock.advance(wait - 1)
    assert status(execution) == "InProgress"
    cloud.clock.advance(2)
    assert status(execution) == "Failed"


def test_approvers_are_notified(
    cloud: Any, create_pipeline: Any, start: Any, approval_token: Any, eventually: Any, decide: Any, final_status: Any
) -> None:
    topic = cloud.client("sns").create_topic(Name="t")["TopicArn"]
    url = cloud.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=cloud.arn("sqs", "q"))
    configuration = {
        "NotificationArn": topic,
        "CustomData": "Commit #{Src.CommitId}?",
        "ExternalEntityLink": "https://example.com",
    }
    create_pipeline(stage("Approve", approval(configuration=configuration)))
    execution = start(variables=[ONE])
    (message,) = eventually(lambda: cloud.client("sqs").receive_message(QueueUrl=url).get("Messages"))
    notice = json.loads(message["Body"])
    assert notice["Subject"] == "APPROVAL NEEDED: AWS CodePipeline ship for action Approve"
    body = json.loads(notice["Message"])["approval"]
    assert (body["stageName"], body["token"]) == ("Approve", approval_token())
    assert body["customData"].startswith("Commit ") and len(body["customData"]) == 48
    decide(body["token"])
    assert final_status(execution) == "Succeeded"


def test_a_missing_topic_fails_the_approval(cloud: Any, create_pipeline: Any, start: Any, final_status: Any) -> None:
    create_pipeline(stage("Approve", approval(configuration={"NotificationArn": cloud.arn("sns", "none")})))
    assert final_status(start(variables=[ONE])) == "Failed"


def test_queued_executions_enter_a_stage_in_order(
    pipelines: Any,
    create_pipeline: Any,
    start: Any,
    approval_token: Any,
    decide: Any,
    final_status: Any,
    eventually: Any,
    status: Any,
) -> None:
    create_pipeline()
    first, second, third = (start(variables=[ONE]) for _ in range(3))

    def inbound() -> list[str]:
        state = pipelines.get_pipeline_state(name="ship")["stageStates"][1]
        return [execution["pipelineExecutionId"] for execution in state.get("inboundExecutions", [])]

    approval_token("Approve", first)
    eventually(lambda: inbound() == [second, third])
    decide(approval_token("Approve", first), "Rejected")
    assert final_status(first) == "Failed"
    decide(approval_token("Approve", second))
    assert final_status(second) == "Succeeded"
    decide(approval_token("Approve", third))
    assert final_status(third) == "Succeeded"


def test_the_newest_execution_supersedes_those_that_wait(
    pipelines: Any,
    create_pipeline: Any,
    start: Any,
    approval_token: Any,
    decide: Any,
    final_status: Any,
    eventually: Any,
    status: Any,
) -> None:
    create_pipeline(executionMode="SUPERSEDED")
    first = start(variables=[ONE])
    approval_token("Approve", first)
    second = start(variables=[ONE])
    eventually(lambda: "inboundExecutions" in pipelines.get_pipeline_state(name="ship")["stageStates"][1])
    third = start(variables=[ONE])
    eventually(lambda: status(second) == "Superseded")
    assert status(first) == "InProgress"
    decide(approval_token("Approve", first))
    decide(approval_token("Approve", third))
    assert [final_status(first), final_status(third)] == ["Succeeded", "Succeeded"]


def test_parallel_executions_do_not_wait(
    cloud: Any, create_pipeline: Any, start: Any, runs: Any, eventually: Any, decide: Any
) -> None:
    create_pipeline(executionMode="PARALLEL")
    both = [start(variables=[ONE]) for _ in range(2)]
    eventually(lambda: all(len(runs(execution)) == 2 for execution in both))


def test_a_stop_waits_for_running_actions_or_abandons_them(
    pipelines: Any,
    create_pipeline: Any,
    start: Any,
    approval_token: Any,
    decide: Any,
    final_status: Any,
    status: Any,
    runs: Any,
) -> None:
    create_pipeline(APPROVE, stage("Never", build()))
    first = start(variables=[ONE])
    token = approval_token("Approve", first)
    where = {"pipelineName": "ship", "pipelineExecutionId": first}
    pipelines.stop_pipeline_execution(**where, reason="enough")
    assert status(first) == "Stopping"
    with pytest.raises(ClientError, match="is being stopped already"):
        pipelines.stop_pipeline_execution(**where)
    decide(token)
    assert final_status(first) == "Stopped"
    with pytest.raises(ClientError, match="cannot be stopped: it is Stopped"):
        pipelines.stop_pipeline_execution(**where)
    second = start(variables=[ONE])
    approval_token("Approve", second)
    pipelines.stop_pipeline_execution(pipelineName="ship", pipelineExecutionId=second, abandon=True)
    assert status(second) == "Stopped"
    assert runs(second)[-1]["status"] == "Abandoned"
    summaries = pipelines.list_pipeline_executions(pipelineName="ship")["pipelineExecutionSummaries"]
    assert summaries[1]["stopTrigger"]["reason"] == "enough"


def test_a_disabled_transition_holds_executions_back(
    pipelines: Any, create_pipeline: Any, start: Any, approval_token: Any, eventually: Any, status: Any
) -> None:
    create_pipeline()
    where = {"pipelineName": "ship", "stageName": "Approve", "transitionType": "Inbound"}
    pipelines.disable_stage_transition(**where, reason="holidays")
    execution = start(variables=[ONE])
    eventually(lambda: "inboundExecutions" in pipelines.get_pipeline_state(name="ship")["stageStates"][1])
    state = pipelines.get_pipeline_state(name="ship")["stageStates"][1]
    assert state["inboundTransitionState"]["disabledReason"] == "holidays"
    assert "latestExecution" not in state
    pipelines.enable_stage_transition(**where)
    assert approval_token("Approve", execution)
    with pytest.raises(ClientError, match="has no stage Nowhere"):
        pipelines.disable_stage_transition(**{**where, "stageName": "Nowhere"}, reason="x")


def test_a_deleted_pipeline_has_no_pending_approvals(
    cloud: Any, pipelines: Any, create_pipeline: Any, start: Any, approval_token: Any
) -> None:
    create_pipeline()
    start(variables=[ONE])
    approval_token()
    pipelines.delete_pipeline(name="ship")
    cloud.clock.advance(8 * 24 * 3600)
    pipelines.create_pipeline(pipeline=declare(APPROVE, variables=[A]))
    assert pipelines.list_pipeline_executions(pipelineName="ship")["pipelineExecutionSummaries"] == []
