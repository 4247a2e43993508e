"""A change of weights, instance counts and concurrency under a running config. When one cannot start, all is undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from localcloud.services.sagemaker.endpoints.deployment.side import Side
from localcloud.services.sagemaker.hosting.serverless_fleet import ServerlessFleet

CONCURRENCY = "ServerlessUpdateConfig"
Desired = Mapping[str, Mapping[str, Any]]  # DesiredWeightAndCapacity by variant


class Scaling:
    """``done(failure)`` is called once, under the lock: with "" when all is as desired, else with the reason why all
    is as it was before."""

    def __init__(self, side: Side, desired: Desired, began: datetime, done: Callable[[str], None]) -> None:
        self.side, self.desired, self.began, self.done = side, desired, began, done
        self.over = False
        self._before = dict(side.desired)
        self.counts = {
            name: int(each["DesiredInstanceCount"]) for name, each in desired.items() if "DesiredInstanceCount" in each
        }
        self.serverless = {name: each[CONCURRENCY] for name, each in desired.items() if CONCURRENCY in each}

    def begin(self) -> None:
        for name, count in self.counts.items():
            self.side.members[name].desired = count
        if self.serverless:
            for name, update in self.serverless.items():  # one: a serverless endpoint has a single variant
                self._serverless_fleet(name).resize(update, self._on_grown)
        else:
            self.side.grow(self.counts, self._on_grown)

    def abort(self) -> None:
        self.over = True

    def variant_status(self, name: str) -> dict[str, Any] | None:
        count, member = self.counts.get(name), self.side.members[name]
        if name in self.serverless:
            return {"Status": "Updating", "StatusMessage": "Updating the concurrency.", "StartTime": self.began}
        if count is None or count == member.count:
            return None
        message = f"Scaling {'out' if count > member.count else 'in'} desired instance count to {count}."
        return {"Status": "Updating", "StatusMessage": message, "StartTime": self.began}

    def serverless_config(self, name: str) -> Mapping[str, int] | None:
        """The desired one."""
        current = self.side.members[name].serverless
        return {**current, **self.serverless.get(name, {})} if current is not None else None

    def _serverless_fleet(self, name: str) -> ServerlessFleet:
        fleet = self.side.members[name].fleet
        assert isinstance(fleet, ServerlessFleet)  # noqa: S101 - checks.py has refused it for any other
        return fleet

    def _on_grown(self, failure: str) -> None:
        if self.over:
            return
        self.over = True
        if failure:
            self._undo()
        else:
            self._apply()
        for member in self.side.members.values():
            member.active = member.count
        self.done(failure)

    def _apply(self) -> None:
        self.side.shrink(self.counts)
        for name, each in self.desired.items():
            self.side.members[name].serverless = self.serverless_config(name)
            self.side.members[name].weight = float(each.get("DesiredWeight", self.side.members[name].weight))

    def _undo(self) -> None:
        """Weights have not changed yet. Of a growing variant, new and still starting instances are removed."""
        self.side.shrink(self._before)
        for name, desired in self._before.items():
            self.side.members[name].desired = desired
