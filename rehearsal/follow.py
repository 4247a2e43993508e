"""Looking at a CodePipeline execution until it ends: a line for each change of an action, and what its build says."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from localcloud.core.errors import Problem
from rehearsal.narration import Teller

POLL_SECONDS = 0.3
LONGEST_SECONDS = 420.0
LONGEST_REASON = 140
LAST = 25  # lines of a build that failed
RUNNING = ("InProgress", "Stopping")
Client = Callable[[str], Any]


@dataclass
class Following:
    """``watched`` names the actions whose builds are heard; ``approve`` answers a question, with its text."""

    aws: Client
    tell: Teller
    pipeline: str
    watched: tuple[str, ...] = ()
    approve: str = ""
    _seen: dict[str, str] = field(default_factory=dict)
    _heard: dict[str, int] = field(default_factory=dict)

    def newest(self, after: set[str]) -> str:
        """The execution that has begun since ``after`` was all there was."""
        for _ in self._patiently(f"{self.pipeline} was not started"):
            begun = [each for each in self.executions() if each not in after]
            if begun:
                return begun[-1]
        raise AssertionError

    def executions(self) -> list[str]:
        pages = self.aws("codepipeline").list_pipeline_executions(pipelineName=self.pipeline)
        return [each["pipelineExecutionId"] for each in pages["pipelineExecutionSummaries"]]

    def to_the_end(self, execution: str) -> str:
        """Its status."""
        for _ in self._patiently(f"{self.pipeline} did not end"):
            self._actions(execution)
            status = self._status(execution)
            if status not in RUNNING:
                self._actions(execution)
                return status
        raise AssertionError

    def _patiently(self, otherwise: str) -> Any:
        end = time.monotonic() + LONGEST_SECONDS
        while time.monotonic() < end:
            yield
            time.sleep(POLL_SECONDS)
        raise Problem(f"{otherwise} within {LONGEST_SECONDS:g} s; `python -m localcloud logs` may tell why")

    def _status(self, execution: str) -> str:
        asked = {"pipelineName": self.pipeline, "pipelineExecutionId": execution}
        found = self.aws("codepipeline").get_pipeline_execution(**asked)["pipelineExecution"]
        return str(found["status"])

    def _actions(self, execution: str) -> None:
        asked = {"pipelineName": self.pipeline, "filter": {"pipelineExecutionId": execution}}
        found = self.aws("codepipeline").list_action_executions(**asked)["actionExecutionDetails"]
        for action in reversed(found):
            self._action(action)

    def _action(self, action: dict[str, Any]) -> None:
        name = f"{action['stageName']}: {action['actionName']}"
        result = action.get("output", {}).get("executionResult", {})
        if self._is_watched(action):
            self._listen(result.get("externalExecutionId", ""))
        if self._seen.get(action["actionExecutionId"]) == action["status"]:
            return
        self._seen[action["actionExecutionId"]] = action["status"]
        why = result.get("externalExecutionSummary", "")[:LONGEST_REASON] if action["status"] == "Failed" else ""
        if why and not self._is_watched(action):
            self._listen(result.get("externalExecutionId", ""), last=LAST)
        self.tell.say(f"{name}: {action['status']}{f' ({why})' if why else ''}")
        if name.startswith("Approval") and action["status"] == "InProgress":
            self.tell.quote(action["input"]["resolvedConfiguration"].get("CustomData", ""))
            self._answer(action["stageName"], action["actionName"])

    def _answer(self, stage: str, action: str) -> None:
        state = self.aws("codepipeline").get_pipeline_state(name=self.pipeline)
        (found,) = (
            each["latestExecution"]
            for one in state["stageStates"]
            if one["stageName"] == stage
            for each in one["actionStates"]
        )
        self.tell.say(f"approved: {self.approve}")
        self.aws("codepipeline").put_approval_result(
            pipelineName=self.pipeline,
            stageName=stage,
            actionName=action,
            token=found["token"],
            result={"summary": self.approve, "status": "Approved"},
        )

    def _is_watched(self, action: dict[str, Any]) -> bool:
        return f"{action['stageName']}: {action['actionName']}" in self.watched

    def _listen(self, build: str, last: int = 0) -> None:
        """The lines of a build that were not heard yet."""
        if not build:
            return
        (found,) = self.aws("codebuild").batch_get_builds(ids=[build])["builds"]
        logs = found.get("logs", {})
        if not logs.get("groupName") or not logs.get("streamName"):
            return
        asked = {"logGroupName": logs["groupName"], "logStreamName": logs["streamName"], "startFromHead": True}
        client = self.aws("logs")
        try:
            events = client.get_log_events(**asked, limit=10_000)["events"]
        except client.exceptions.ResourceNotFoundException:
            return
        new = [event["message"].rstrip() for event in events[self._heard.get(build, 0) :]]
        for line in [line for line in new if line and not line.startswith("[Container]")][-last:]:
            self.tell.quote(line)
        self._heard[build] = len(events)
