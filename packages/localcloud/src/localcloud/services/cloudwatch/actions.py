"""What an alarm does when its state changes: messages to SNS topics, one after the other, off the lock.

Other actions (Auto Scaling, EC2, Lambda, Systems Manager) are taken, as AWS takes them, and each time the history says
that localcloud did not perform them. ``on`` adds one: ``actions.on("autoscaling", function)``.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Condition
from typing import TYPE_CHECKING, Any

from localcloud.services.cloudwatch.alarm import ACTIONS, Alarm
from localcloud.services.cloudwatch.alarm_messages import message, subject
from localcloud.services.cloudwatch.history import ACTION, History

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Notice:
    """One action to be done."""

    alarm: str
    arn: str
    subject: str
    message: str
    at: datetime


Performer = Callable[[Notice], Any]


class Actions:
    def __init__(self, cloud: Cloud, history: History) -> None:
        self.cloud, self.history = cloud, history
        self._performers: dict[str, Performer] = {"sns": self._publish}
        self._waiting: deque[Notice] = deque()
        self._changed = Condition()
        self._busy = False

    def on(self, service: str, performer: Performer) -> None:
        """``service``: the third part of the action's ARN. The performer raises when it fails."""
        self._performers[service] = performer

    def start(self, alarm: Alarm, before: str) -> None:
        """Those of the alarm's new state; under the lock."""
        if not alarm.settings["ActionsEnabled"]:
            return
        region = self.cloud.region
        for arn in alarm.settings[ACTIONS[alarm.state.value]]:
            told = message(self.cloud, alarm, before)
            self._add(Notice(alarm.name, arn, subject(alarm, region), told, alarm.state.at))

    def settle(self, timeout: float = 60) -> None:
        """Until all is done. For tests."""
        with self._changed:
            if not self._changed.wait_for(lambda: not self._busy, timeout):
                raise TimeoutError(f"{len(self._waiting)} actions of alarms are not done after {timeout} s")

    def clear(self) -> None:
        with self._changed:
            self._waiting.clear()

    def _add(self, notice: Notice) -> None:
        with self._changed:
            self._waiting.append(notice)
            if not self._busy:
                self._busy = True
                self.cloud.work(self._perform_all)

    def _perform_all(self) -> None:
        while True:
            with self._changed:
                if not self._waiting:
                    self._busy = False
                    self._changed.notify_all()
                    return
                notice = self._waiting.popleft()
            self._perform(notice)

    def _perform(self, notice: Notice) -> None:
        performer = self._performers.get(notice.arn.split(":")[2])
        problem = "" if performer else "localcloud does not perform actions of this kind."
        try:
            if performer:
                performer(notice)
        except Exception as error:  # noqa: BLE001 - it is the action that failed; the next one must still be done
            problem = str(error) or repr(error)
        if problem:
            log.warning("alarm %s: action %s failed: %s", notice.alarm, notice.arn, problem)
        with self.cloud.lock:
            self.history.add(notice.alarm, notice.at, ACTION, *_entry(notice, problem))

    def _publish(self, notice: Notice) -> None:
        self.cloud.client("sns").publish(TopicArn=notice.arn, Subject=notice.subject, Message=notice.message)


def _entry(notice: Notice, problem: str) -> tuple[str, dict[str, Any]]:
    done = f"Successfully executed action {notice.arn}"
    summary = f"Failed to execute action {notice.arn}. Received error: {problem}" if problem else done
    data = {
        "actionState": "Failed" if problem else "Succeeded",
        "stateUpdateTimestamp": int(notice.at.timestamp() * 1000),
        "notificationResource": notice.arn,
        "publishedMessage": None if problem else notice.message,
        "error": problem or None,
    }
    return summary, data
