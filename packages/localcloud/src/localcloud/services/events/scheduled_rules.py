"""Rules with a schedule: each fires on the clock, and its targets get an event from ``aws.events``."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from localcloud.core.cloud import Cloud
from localcloud.services.events.entries import Envelopes
from localcloud.services.events.records import Rule
from localcloud.services.events.router import Router


class ScheduledRules:
    def __init__(self, cloud: Cloud, envelopes: Envelopes, router: Router) -> None:
        self._clock, self._lock, self._faults = cloud.clock, cloud.lock, cloud.faults
        self._envelopes, self._router = envelopes, router

    def start(self, rule: Rule, since: datetime | None = None) -> None:
        """From this second on; each firing sets the timer of the next one, counted from when it was due."""
        since = since or self._clock.now().replace(microsecond=0)
        due = rule.schedule.after(since) if rule.schedule and rule.enabled else None
        rule.timer = self._clock.at(due.timestamp(), partial(self._due, rule, due)) if due else None

    def _due(self, rule: Rule, due: datetime) -> None:
        with self._lock:
            if rule.timer and rule.timer.when == due.timestamp():  # else it was stopped while this waited for the lock
                self.start(rule, due)
                self._fire(rule)

    def _fire(self, rule: Rule) -> None:
        entry = {"Source": "aws.events", "DetailType": "Scheduled Event", "Detail": "{}", "Resources": [rule.arn]}
        event = self._envelopes.wrap(entry)
        for _ in range(self._faults.next_event(event["detail-type"])):
            self._router.deliver(rule, event)
