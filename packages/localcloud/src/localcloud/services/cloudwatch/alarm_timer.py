"""The alarms' clock: each is judged at every whole minute, those of seconds every ten. One timer for all of them.

A judgement sees what was told until its moment; what comes late counts the next time.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localcloud.core.counters import DEFECTS
from localcloud.services.cloudwatch import alarm_messages
from localcloud.services.cloudwatch.actions import Actions
from localcloud.services.cloudwatch.alarm import Alarm, State
from localcloud.services.cloudwatch.history import STATE, History
from localcloud.services.cloudwatch.metric_store import Store
from localcloud.services.cloudwatch.state_reasons import reason, reason_data

if TYPE_CHECKING:
    from localcloud.core.clock import Timer
    from localcloud.core.cloud import Cloud

log = logging.getLogger(__name__)


class Watch:
    """All of it under ``cloud.lock``."""

    def __init__(self, cloud: Cloud, store: Store, alarms: Mapping[str, Alarm]) -> None:
        self.cloud, self.store, self.alarms = cloud, store, alarms
        self.history = History()
        self.actions = Actions(cloud, self.history)
        self._timer: Timer | None = None
        self._due = 0

    def begin(self, alarm: Alarm) -> None:
        """A new or changed alarm is judged from the next moment on."""
        alarm.judged = int(self.cloud.clock.seconds()) // alarm.every * alarm.every
        self.plan()

    def plan(self, now: int | None = None) -> None:
        """The timer for the next moment at which any alarm is due; none without alarms."""
        now = int(self.cloud.clock.seconds()) if now is None else now
        step = min((alarm.every for alarm in self.alarms.values()), default=0)
        due = (now // step + 1) * step if step else 0
        if due == self._due:
            return
        self.stop()
        if due:
            self._due, self._timer = due, self.cloud.clock.at(due, lambda: self._judge_all(due))

    def change(self, alarm: Alarm, state: State) -> None:
        """From one state to another: told in the history, as an event, by the alarm's actions."""
        before, alarm.state, alarm.transitioned = alarm.state, state, state.at
        data = {"oldState": _entry(before), "newState": _entry(state)}
        self.history.add(alarm.name, state.at, STATE, f"Alarm updated from {before.value} to {state.value}", data)
        alarm_messages.state_changed(self.cloud, alarm, before)
        self.actions.start(alarm, before.value)

    def stop(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._due, self._timer = 0, None

    def _judge_all(self, due: int) -> None:
        with self.cloud.lock:
            if due != self._due:  # cancelled while it waited for the lock
                return
            now = int(self.cloud.clock.seconds())  # late perhaps: moments that were missed are not made up for
            for alarm in list(self.alarms.values()):
                at = now // alarm.every * alarm.every
                if at > alarm.judged:
                    alarm.judged = at
                    self._judge(alarm, at)
            self.plan(now)

    def _judge(self, alarm: Alarm, at: int) -> None:
        try:
            points = alarm.points(self.store, at)
            found = alarm.judge(points)
            if found.state in ("", alarm.state.value):
                return
            now = self.cloud.clock.now()
            words = reason(alarm.rule, found, m_of_n="DatapointsToAlarm" in alarm.settings)
            data = reason_data(alarm.rule, found, points, now, alarm.period, alarm.reason_settings)
            self.change(alarm, State(found.state, words, data, now))
        except Exception:  # a defect: it must not keep the others from being judged
            log.exception("%s could not be judged", alarm.arn)
            self.cloud.counters.count(DEFECTS)


def _entry(state: State) -> dict[str, Any]:
    told: dict[str, Any] = {"stateValue": state.value, "stateReason": state.reason}
    return told | ({"stateReasonData": json.loads(state.data)} if state.data else {})
