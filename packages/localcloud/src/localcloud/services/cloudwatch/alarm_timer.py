"""The alarms' timer: each is evaluated every whole minute, those with periods of seconds every ten. One timer for all.

An evaluation sees the data points until its moment; later ones count the next time.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from localcloud.core.clock import Timer
from localcloud.core.cloud import Cloud
from localcloud.core.counters import DEFECTS
from localcloud.core.service import Part
from localcloud.services.cloudwatch.alarm import Alarm, State
from localcloud.services.cloudwatch.metric_store import MetricStore
from localcloud.services.cloudwatch.state_changes import StateChanges
from localcloud.services.cloudwatch.state_reasons import reason, reason_data

log = logging.getLogger(__name__)


class AlarmTimer(Part):
    """Used under ``cloud.lock``."""

    def __init__(
        self, cloud: Cloud, store: MetricStore, alarms: Mapping[str, Alarm], state_changes: StateChanges
    ) -> None:
        self._clock, self._lock, self._counters = cloud.clock, cloud.lock, cloud.counters
        self._store, self._alarms, self._state_changes = store, alarms, state_changes
        self._timer: Timer | None = None
        self._due = 0

    def start(self, alarm: Alarm) -> None:
        """A new or changed alarm is evaluated from the next moment on."""
        alarm.evaluated_at = int(self._clock.seconds()) // alarm.interval * alarm.interval
        self.update()

    def update(self, now: int | None = None) -> None:
        """Sets the timer to the next moment at which any alarm is due; without alarms there is none."""
        now = int(self._clock.seconds()) if now is None else now
        interval = min((alarm.interval for alarm in self._alarms.values()), default=0)
        due = (now // interval + 1) * interval if interval else 0
        if due == self._due:
            return
        self.reset()
        if due:
            self._due, self._timer = due, self._clock.at(due, lambda: self._evaluate_all(due))

    def reset(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._due, self._timer = 0, None

    def close(self) -> None:
        with self._lock:
            self.reset()

    def _evaluate_all(self, due: int) -> None:
        with self._lock:
            if due != self._due:  # cancelled while it waited for the lock
                return
            now = int(self._clock.seconds())  # perhaps late: missed evaluations are not repeated
            for alarm in list(self._alarms.values()):
                at = now // alarm.interval * alarm.interval
                if at > alarm.evaluated_at:
                    alarm.evaluated_at = at
                    self._evaluate(alarm, at)
            self.update(now)

    def _evaluate(self, alarm: Alarm, at: int) -> None:
        try:
            points = alarm.points(self._store, at)
            evaluation = alarm.evaluate(points)
            if evaluation.state in ("", alarm.state.value):
                return
            now = self._clock.now()
            text = reason(alarm.rule, evaluation, m_of_n="DatapointsToAlarm" in alarm.settings)
            data = reason_data(alarm.rule, evaluation, points, now, alarm.period, alarm.reason_settings)
            self._state_changes.apply(alarm, State(evaluation.state, text, data, now))
        except Exception:  # a defect: the others must still be evaluated
            log.exception("%s could not be evaluated", alarm.arn)
            self._counters.count(DEFECTS)
