"""What the replies to known requests say of a rollout: which fleet gave them, whether they are right, which is worse.

A reply without a label counts for no fleet. One wrong answer of the new fleet decides: equal inputs have one right
answer, so there is nothing to estimate. The old fleet's wrong answers are reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from release.judgement.answers import Answer, Fleet
from release.judgement.judgement import Decision, Judgement
from release.judgement.limits import RECORD
from release.watch.promises import Promises
from release.watch.traffic import Reply
from settings.errors import Problem

FLEETS: tuple[Fleet, Fleet] = ("new", "old")


@dataclass
class Predictions:
    """Of one fleet, compared with what its package promises."""

    right: int = 0
    wrong: int = 0
    first_wrong: str = ""

    def add(self, difference: str | None) -> None:
        self.right += difference == ""
        self.wrong += bool(difference)
        self.first_wrong = self.first_wrong or difference or ""


class Assessment:
    def __init__(self, labels: Mapping[Fleet, str], promises: Mapping[Fleet, Promises], judgement: Judgement) -> None:
        """``labels``: the package of each fleet, as in churn/7."""
        self._labels, self._promises, self._judgement = labels, promises, judgement
        self.predictions: dict[Fleet, Predictions] = {fleet: Predictions() for fleet in FLEETS}
        self.unlabelled = 0

    @property
    def alike(self) -> bool:
        """Is it the same package on another config? Then no label tells the fleets apart, and nothing is compared."""
        return self._labels["new"] == self._labels["old"]

    def add(self, replies: Iterable[Reply]) -> None:
        """In the order of time."""
        for reply in replies:
            fleet = self._fleet(reply)
            if fleet is None or reply.label is None:
                self.unlabelled += 1
                continue
            self.predictions[fleet].add(self._promises[fleet].difference(reply))
            if not self.alike and not self._is_foreign(fleet, reply):
                self._judgement.add([Answer(reply.time, fleet, reply.status, reply.latency_ms, reply.label.cold)])

    def _fleet(self, reply: Reply) -> Fleet | None:
        return next((fleet for fleet in FLEETS if reply.label and self._labels[fleet] == reply.label.package), None)

    def _is_foreign(self, fleet: Fleet, reply: Reply) -> bool:
        """Has the old fleet refused what its package has never promised to take? The new one has to take both."""
        return fleet == "old" and 400 <= reply.status < 500 and reply.request not in self._promises["old"].requests

    @property
    def has_record(self) -> bool:
        """Have enough answers of the old fleet been counted to stand for it when it no longer answers?"""
        return self._judgement.counts["old"].answers >= RECORD

    def decide(self) -> Decision:
        if wrong := self.predictions["new"].first_wrong:
            return Decision("fail", f"the new fleet gives wrong answers: {wrong}")
        if self.alike:
            return Decision("passed so far", f"{self._labels['new']} was live before, on another config")
        decision = self._judgement.decide()
        if decision.outcome == "undecided" and self.unlabelled:
            return Decision("undecided", f"{decision.sentence}; {self._unlabelled()}")
        return decision

    def _unlabelled(self) -> str:
        return f"{self.unlabelled:,} replies name no package of this deployment, and count for no fleet"

    def summary(self, fleet: Fleet) -> dict[str, Any]:
        predictions = self.predictions[fleet]
        return {"package": self._labels[fleet], **self._judgement.summary(fleet), **asdict(predictions)}

    def state(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        predictions = {fleet: asdict(one) for fleet, one in self.predictions.items()}
        return {"judgement": self._judgement.state(), "predictions": predictions, "unlabelled": self.unlabelled}

    def restore(self, state: Mapping[str, Any]) -> None:
        try:
            self._judgement = Judgement.restore(state["judgement"])
            self.predictions = {fleet: Predictions(**state["predictions"][fleet]) for fleet in FLEETS}
            self.unlabelled = int(state["unlabelled"])
        except (KeyError, TypeError, ValueError) as error:
            raise Problem(
                f"the stored judgement is not valid ({error!r}): remove judgement.json beside the records of this "
                "endpoint, and the judgement begins again"
            ) from error
