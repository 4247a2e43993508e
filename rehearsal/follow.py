"""Follows a CodePipeline execution to its end: a line for each change of an action, and the output of its builds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from rehearsal.narration import Narrator
from settings.errors import Problem

POLL_SECONDS = 0.3
LONGEST_SECONDS = 420.0
LONGEST_REASON = 140
LAST_LINES = 25  # of a build that failed
RUNNING = ("InProgress", "Stopping")
Client = Callable[[str], Any]


@dataclass
class PipelineFollower:
    """``watched`` names the actions whose builds are quoted; ``approval`` is the comment that manual approvals get."""

    aws: Client
    narrator: Narrator
    pipeline: str
    watched: tuple[str, ...] = ()
    approval: str = ""
    _statuses: dict[str, str] = field(default_factory=dict)  # by action execution
    _lines: dict[str, int] = field(default_factory=dict)  # quoted so far, by build

    def newest(self, before: set[str]) -> str:
        """The execution that is not among those ``before``; waits for it."""
        for _ in self._poll(f"{self.pipeline} was not started"):
            new = [each for each in self.executions() if each not in before]
            if new:
                return new[-1]
        raise AssertionError

    def executions(self) -> list[str]:
        pages = self.aws("codepipeline").list_pipeline_executions(pipelineName=self.pipeline)
        return [each["pipelineExecutionId"] for each in pages["pipelineExecutionSummaries"]]

    def follow(self, execution: str) -> str:
        """Returns its last status."""
        for _ in self._poll(f"{self.pipeline} did not end"):
            self._show_actions(execution)
            status = self._status(execution)
            if status not in RUNNING:
                self._show_actions(execution)
                return status
        raise AssertionError

    def _poll(self, problem: str) -> Iterator[None]:
        end = time.monotonic() + LONGEST_SECONDS
        while time.monotonic() < end:
            yield
            time.sleep(POLL_SECONDS)
        raise Problem(f"{problem} within {LONGEST_SECONDS:g} s; `python -m localcloud logs` may show why")

    def _status(self, execution: str) -> str:
        request = {"pipelineName": self.pipeline, "pipelineExecutionId": execution}
        return str(self.aws("codepipeline").get_pipeline_execution(**request)["pipelineExecution"]["status"])

    def _show_actions(self, execution: str) -> None:
        request = {"pipelineName": self.pipeline, "filter": {"pipelineExecutionId": execution}}
        actions = self.aws("codepipeline").list_action_executions(**request)["actionExecutionDetails"]
        for action in reversed(actions):
            self._show(action)

    def _show(self, action: dict[str, Any]) -> None:
        name, result = _name(action), action.get("output", {}).get("executionResult", {})
        build = result.get("externalExecutionId", "")
        if name in self.watched:
            self._quote(build)
        if self._statuses.get(action["actionExecutionId"]) == action["status"]:
            return
        self._statuses[action["actionExecutionId"]] = action["status"]
        reason = result.get("externalExecutionSummary", "")[:LONGEST_REASON] if action["status"] == "Failed" else ""
        if reason and name not in self.watched:
            self._quote(build, last=LAST_LINES)
        self.narrator.say(f"{name}: {action['status']}{f' ({reason})' if reason else ''}")
        if name.startswith("Approval") and action["status"] == "InProgress":
            self.narrator.quote(action["input"]["resolvedConfiguration"].get("CustomData", ""))
            self._approve(action["stageName"], action["actionName"])

    def _approve(self, stage: str, action: str) -> None:
        state = self.aws("codepipeline").get_pipeline_state(name=self.pipeline)
        (execution,) = (
            each["latestExecution"]
            for one in state["stageStates"]
            if one["stageName"] == stage
            for each in one["actionStates"]
        )
        self.narrator.say(f"approved: {self.approval}")
        self.aws("codepipeline").put_approval_result(
            pipelineName=self.pipeline,
            stageName=stage,
            actionName=action,
            token=execution["token"],
            result={"summary": self.approval, "status": "Approved"},
        )

    def _quote(self, build: str, last: int = 0) -> None:
        """The lines of a build that were not quoted yet, or the ``last`` of them."""
        messages = self._messages(build) if build else []
        new = messages[self._lines.get(build, 0) :]
        for line in [line for line in new if line and not line.startswith("[Container]")][-last:]:
            self.narrator.quote(line)
        self._lines[build] = len(messages)

    def _messages(self, build: str) -> list[str]:
        (description,) = self.aws("codebuild").batch_get_builds(ids=[build])["builds"]
        logs, client = description.get("logs", {}), self.aws("logs")
        if not logs.get("groupName") or not logs.get("streamName"):
            return []
        request = {"logGroupName": logs["groupName"], "logStreamName": logs["streamName"], "startFromHead": True}
        try:
            events = client.get_log_events(**request, limit=10_000)["events"]
        except client.exceptions.ResourceNotFoundException:
            return []
        return [event["message"].rstrip() for event in events]


def _name(action: dict[str, Any]) -> str:
    return f"{action['stageName']}: {action['actionName']}"
