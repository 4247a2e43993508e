"""A change of weights and instance counts under a running config. When an instance cannot start, all is undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from localcloud.services.sagemaker.endpoints.deployment.side import Side

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

    def begin(self) -> None:
        for name, count in self.counts.items():
            self.side.members[name].desired = count
        self.side.grow(self.counts, self._on_grown)

    def abort(self) -> None:
        self.over = True

    def variant_status(self, name: str) -> dict[str, Any] | None:
        count, member = self.counts.get(name), self.side.members[name]
        if count is None or count == member.count:
            return None
        message = f"Scaling {'out' if count > member.count else 'in'} desired instance count to {count}."
        return {"Status": "Updating", "StatusMessage": message, "StartTime": self.began}

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
            self.side.members[name].weight = float(each.get("DesiredWeight", self.side.members[name].weight))

    def _undo(self) -> None:
        """Weights have not changed yet. Of a growing variant, new and still starting instances are removed."""
        self.side.shrink(self._before)
        for name, desired in self._before.items():
            self.side.members[name].desired = desired
