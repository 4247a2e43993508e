"""A change of weights and instance counts under a running config. What cannot be had is taken back as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from localcloud.services.sagemaker.endpoints.deployment.side import Side

Wanted = Mapping[str, Mapping[str, Any]]  # DesiredWeightAndCapacity by variant


class Scaling:
    """``done(why)`` is called once, under the lock: "" when all is as wanted, or why it is as it was before."""

    def __init__(self, side: Side, wanted: Wanted, began: datetime, done: Callable[[str], None]) -> None:
        self.side, self.wanted, self.began, self.done = side, wanted, began, done
        self.over = False
        self._before = dict(side.desired)
        self.counts = {
            name: int(each["DesiredInstanceCount"]) for name, each in wanted.items() if "DesiredInstanceCount" in each
        }

    def begin(self) -> None:
        for name, count in self.counts.items():
            self.side.members[name].desired = count
        self.side.grow(self.counts, self._grown)

    def abort(self) -> None:
        self.over = True

    def variant_status(self, name: str) -> dict[str, Any] | None:
        count, member = self.counts.get(name), self.side.members[name]
        if count is None or count == member.count:
            return None
        message = f"Scaling {'out' if count > member.count else 'in'} desired instance count to {count}."
        return {"Status": "Updating", "StatusMessage": message, "StartTime": self.began}

    def _grown(self, why: str) -> None:
        if self.over:
            return
        self.over = True
        if why:
            self._take_back()
        else:
            self._take_effect()
        for member in self.side.members.values():
            member.active = member.count
        self.done(why)

    def _take_effect(self) -> None:
        self.side.shrink(self.counts)
        for name, each in self.wanted.items():
            self.side.members[name].weight = float(each.get("DesiredWeight", self.side.members[name].weight))

    def _take_back(self) -> None:
        """Weights have not changed yet. Of a variant that was growing, what came or still comes leaves again."""
        self.side.shrink(self._before)
        for name, desired in self._before.items():
            self.side.members[name].desired = desired
