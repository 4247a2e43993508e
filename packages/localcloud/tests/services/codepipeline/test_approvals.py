"""Somebody's word, transitions, stops, and who may be in a stage at once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.pipeline_declarations import approval, build, declared, stage

A, ONE = {"name": "A"}, {"name": "A", "value": "1"}
ASKING = stage("Approve", approval())


@pytest.fixture
def asking(pipelines: Any, ready: Any) -> Any:
    """Makes a pipeline that asks, and after that does nothing more."""

    def make(*stages: Any, **said: Any) -> None:
        ready()
        pipelines.create_pipeline(pipeline=declared(*(stages or (ASKING,)), variables=[A], **said))

    return make


def test_an_approval_lets_it_go_on(asking: Any, started: Any, waiting: Any, say: Any, over: Any, runs: Any) -> None:
    asking()
    execution = started(variables=[ONE])
    token = waiting()
    with pytest.raises(ClientError, match="The token is not that of the waiting approval"):
        say("00000000-0000-0000-0000-000000000000")
    say(token, summary="well done")
    assert over(execution) == "Succeeded"
    assert runs(execution)[-1]["output"]["executionResult"]["externalExecutionSummary"] == "well done"
    with pytest.raises(ClientError, match="is Succeeded already"):
        say(token)


def test_a_rejection_fails_it(pipelines: Any, asking: Any, started: Any, waiting: Any, say: Any, over: Any) -> None:
    asking(ASKING, stage("Never", build()))
    execution = started(variables=[ONE])
    say(waiting(), "Rejected", summary="not today")
    assert over(execution) == "Failed"
    states = {one["stageName"]: one for one in pipelines.get_pipeline_state(name="ship")["stageStates"]}
    assert states["Approve"]["latestExecution"]["status"] == "Failed"
    assert states["Approve"]["actionStates"][0]["latestExecution"]["summary"] == "not today"
    assert "latestExecution" not in states["Never"]


@pytest.mark.parametrize(("minutes", "wait"), [(None, 7 * 24 * 3600), (10, 600)])
def test_nobody_s_word_in_time_fails_it(
    cloud: Any, asking: Any, started: Any, waiting: Any, status: Any, minutes: Any, wait: int
) -> None:
    asking(stage("Approve", approval(**({"timeoutInMinutes": minutes} if minutes else {}))))
    execution = started(variables=[ONE])
    waiting()
    cloud.clock.advance(wait - 1)
    assert status(execution) == "InProgress"
    cloud.clock.advance(2)
    assert status(execution) == "Failed"


def test_whoever_is_to_say_it_is_told(
    cloud: Any, asking: Any, started: Any, waiting: Any, eventually: Any, say: Any, over: Any
) -> None:
    topic = cloud.client("sns").create_topic(Name="t")["TopicArn"]
    url = cloud.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=cloud.arn("sqs", "q"))
    told = {
        "NotificationArn": topic,
        "CustomData": "Commit #{Src.CommitId}?",
        "ExternalEntityLink": "https://example.com",
    }
    asking(stage("Approve", approval(configuration=told)))
    execution = started(variables=[ONE])
    (message,) = eventually(lambda: cloud.client("sqs").receive_message(QueueUrl=url).get("Messages"))
    notice = json.loads(message["Body"])
    assert notice["Subject"] == "APPROVAL NEEDED: AWS CodePipeline ship for action Approve"
    body = json.loads(notice["Message"])["approval"]
    assert (body["stageName"], body["token"]) == ("Approve", waiting())
    assert body["customData"].startswith("Commit ") and len(body["customData"]) == 48
    say(body["token"])
    assert over(execution) == "Succeeded"


def test_a_topic_that_is_not_there_fails_the_approval(cloud: Any, asking: Any, started: Any, over: Any) -> None:
    asking(stage("Approve", approval(configuration={"NotificationArn": cloud.arn("sns", "none")})))
    assert over(started(variables=[ONE])) == "Failed"


def test_queued_ones_come_one_after_the_other(
    pipelines: Any, asking: Any, started: Any, waiting: Any, say: Any, over: Any, eventually: Any, status: Any
) -> None:
    asking()
    first, second, third = (started(variables=[ONE]) for _ in range(3))

    def inbound() -> list[str]:
        state = pipelines.get_pipeline_state(name="ship")["stageStates"][1]
        return [one["pipelineExecutionId"] for one in state.get("inboundExecutions", [])]

    waiting("Approve", first)
    eventually(lambda: inbound() == [second, third])
    say(waiting("Approve", first), "Rejected")
    assert over(first) == "Failed"
    say(waiting("Approve", second))
    assert over(second) == "Succeeded"
    say(waiting("Approve", third))
    assert over(third) == "Succeeded"


def test_the_newest_one_supersedes_who_waits(
    pipelines: Any, asking: Any, started: Any, waiting: Any, say: Any, over: Any, eventually: Any, status: Any
) -> None:
    asking(executionMode="SUPERSEDED")
    first = started(variables=[ONE])
    waiting("Approve", first)
    second = started(variables=[ONE])
    eventually(lambda: "inboundExecutions" in pipelines.get_pipeline_state(name="ship")["stageStates"][1])
    third = started(variables=[ONE])
    eventually(lambda: status(second) == "Superseded")
    assert status(first) == "InProgress"
    say(waiting("Approve", first))
    say(waiting("Approve", third))
    assert [over(first), over(third)] == ["Succeeded", "Succeeded"]


def test_parallel_ones_do_not_wait(cloud: Any, asking: Any, started: Any, runs: Any, eventually: Any, say: Any) -> None:
    asking(executionMode="PARALLEL")
    both = [started(variables=[ONE]) for _ in range(2)]
    eventually(lambda: all(len(runs(one)) == 2 for one in both))


def test_a_stop_waits_for_what_runs_or_does_not(
    pipelines: Any, asking: Any, started: Any, waiting: Any, say: Any, over: Any, status: Any, runs: Any
) -> None:
    asking(ASKING, stage("Never", build()))
    patient = started(variables=[ONE])
    token = waiting("Approve", patient)
    where = {"pipelineName": "ship", "pipelineExecutionId": patient}
    pipelines.stop_pipeline_execution(**where, reason="enough")
    assert status(patient) == "Stopping"
    with pytest.raises(ClientError, match="is being stopped already"):
        pipelines.stop_pipeline_execution(**where)
    say(token)
    assert over(patient) == "Stopped"
    with pytest.raises(ClientError, match="cannot be stopped: it is Stopped"):
        pipelines.stop_pipeline_execution(**where)
    hasty = started(variables=[ONE])
    waiting("Approve", hasty)
    pipelines.stop_pipeline_execution(pipelineName="ship", pipelineExecutionId=hasty, abandon=True)
    assert status(hasty) == "Stopped"
    assert runs(hasty)[-1]["status"] == "Abandoned"
    told = pipelines.list_pipeline_executions(pipelineName="ship")["pipelineExecutionSummaries"]
    assert told[1]["stopTrigger"]["reason"] == "enough"


def test_a_closed_transition_keeps_executions_out(
    pipelines: Any, asking: Any, started: Any, waiting: Any, eventually: Any, status: Any
) -> None:
    asking()
    where = {"pipelineName": "ship", "stageName": "Approve", "transitionType": "Inbound"}
    pipelines.disable_stage_transition(**where, reason="holidays")
    execution = started(variables=[ONE])
    eventually(lambda: "inboundExecutions" in pipelines.get_pipeline_state(name="ship")["stageStates"][1])
    state = pipelines.get_pipeline_state(name="ship")["stageStates"][1]
    assert state["inboundTransitionState"]["disabledReason"] == "holidays"
    assert "latestExecution" not in state
    pipelines.enable_stage_transition(**where)
    assert waiting("Approve", execution)
    with pytest.raises(ClientError, match="has no stage Nowhere"):
        pipelines.disable_stage_transition(**{**where, "stageName": "Nowhere"}, reason="x")


def test_a_deleted_pipeline_asks_nobody_any_more(
    cloud: Any, pipelines: Any, asking: Any, started: Any, waiting: Any
) -> None:
    asking()
    started(variables=[ONE])
    waiting()
    pipelines.delete_pipeline(name="ship")
    cloud.clock.advance(8 * 24 * 3600)
    asking_again = declared(ASKING, variables=[A])
    pipelines.create_pipeline(pipeline=asking_again)
    assert pipelines.list_pipeline_executions(pipelineName="ship")["pipelineExecutionSummaries"] == []
