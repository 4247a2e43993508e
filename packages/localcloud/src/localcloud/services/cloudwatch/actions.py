"""An alarm's actions when its state changes: messages to SNS topics, one after the other, without the lock.

They are sent in CloudWatch's own name for the alarm: the topic's policy decides, and that of its key.

Other actions (Auto Scaling, EC2, Lambda, Systems Manager) are accepted, as AWS accepts them, and the history says each
time that localcloud did not perform them. Another service adds one in ``connect()``:
``cloudwatch.actions.add("autoscaling", function)``.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Condition
from typing import Any

from localcloud.core.arn import Arn
from localcloud.core.cloud import Cloud
from localcloud.core.service import Part
from localcloud.services.cloudwatch.alarm import ACTIONS, Alarm
from localcloud.services.cloudwatch.alarm_messages import message, subject
from localcloud.services.cloudwatch.history import ACTION, AlarmHistory

SERVICE = "cloudwatch.amazonaws.com"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Action:
    """One action to perform."""

    alarm: str
    alarm_arn: str
    arn: str
    subject: str
    message: str
    at: datetime


Performer = Callable[[Action], Any]


class AlarmActions(Part):
    def __init__(self, cloud: Cloud, history: AlarmHistory) -> None:
        self._cloud, self._history = cloud, history
        self._performers: dict[str, Performer] = {"sns": self._publish}
        self._pending: deque[Action] = deque()
        self._changed = Condition()
        self._busy = False

    def reset(self) -> None:
        with self._changed:
            self._pending.clear()

    def add(self, service: str, performer: Performer) -> None:
        """``service``: the third part of the action's ARN. The performer raises when it fails."""
        self._performers[service] = performer

    def start(self, alarm: Alarm, previous: str) -> None:
        """Those of the alarm's new state; under the lock."""
        if not alarm.settings["ActionsEnabled"]:
            return
        account, region = self._cloud.account, self._cloud.region
        for arn in alarm.settings[ACTIONS[alarm.state.value]]:
            text = message(alarm, previous, account, region)
            self._enqueue(Action(alarm.name, alarm.arn, arn, subject(alarm, region), text, alarm.state.at))

    def settle(self, timeout: float = 60) -> None:
        """Returns when all actions are done. For tests."""
        with self._changed:
            if not self._changed.wait_for(lambda: not self._busy, timeout):
                raise TimeoutError(f"{len(self._pending)} actions of alarms are not done after {timeout} s")

    def _enqueue(self, action: Action) -> None:
        with self._changed:
            self._pending.append(action)
            if not self._busy:
                self._busy = True
                self._cloud.work(self._perform_all)

    def _perform_all(self) -> None:
        while True:
            with self._changed:
                if not self._pending:
                    self._busy = False
                    self._changed.notify_all()
                    return
                action = self._pending.popleft()
            self._perform(action)

    def _perform(self, action: Action) -> None:
        performer = self._performers.get(Arn.parse(action.arn).service)
        problem = "" if performer else "localcloud does not perform actions of this kind."
        try:
            if performer:
                performer(action)
        except Exception as error:  # noqa: BLE001 - this action failed; the next one must still be performed
            problem = _problem(action, error)
        if problem:
            log.warning("alarm %s: action %s failed: %s", action.alarm, action.arn, problem)
        with self._cloud.lock:
            self._history.add(action.alarm, action.at, ACTION, *_history_entry(action, problem))

    def _publish(self, action: Action) -> None:
        principal = self._cloud.access.service(SERVICE, action.alarm_arn)
        self._cloud.client_as(principal, "sns").publish(
            TopicArn=action.arn, Subject=action.subject, Message=action.message
        )


def _problem(action: Action, error: Exception) -> str:
    """With AWS's sentences for the policies of a topic and of its key."""
    response = getattr(error, "response", {}).get("Error", {})
    code = response.get("Code", "")
    if code.startswith("KMS") or " kms:" in response.get("Message", ""):
        return "CloudWatch Alarms does not have authorization to access the SNS topic encryption key."
    if code == "AuthorizationError":
        return f"Resource: {action.alarm_arn} is not authorized to perform: SNS:Publish on resource: {action.arn}"
    return str(error) or repr(error)


def _history_entry(action: Action, problem: str) -> tuple[str, dict[str, Any]]:
    success = f"Successfully executed action {action.arn}"
    summary = f"Failed to execute action {action.arn}. Received error: {problem}" if problem else success
    data = {
        "actionState": "Failed" if problem else "Succeeded",
        "stateUpdateTimestamp": int(action.at.timestamp() * 1000),
        "notificationResource": action.arn,
        "publishedMessage": None if problem else action.message,
        "error": problem or None,
    }
    return summary, data
