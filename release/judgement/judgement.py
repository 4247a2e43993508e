"""The judgement of one release: takes labelled answers in the order of time, and decides at any moment.

Answers are compared in blocks that depend on the labels only, never on when somebody looks: a run that was killed and
goes on from ``state`` decides as one that was not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from math import log
from typing import Any, Literal, Self

from release.judgement import sentence
from release.judgement.answers import Answer, Fleet, FleetCount
from release.judgement.detection import caught
from release.judgement.evidence import Evidence
from release.judgement.limits import BLOCK, LARGEST_BLOCK, RECORD, TESTS, Limits, Test, block_size
from release.judgement.power import ENOUGH, severe
from settings.errors import Problem

PERCENTILES = {"p50_ms": 0.5, "p99_ms": 0.99}

Outcome = Literal["undecided", "passed so far", "fail"]


@dataclass(frozen=True)
class Decision:
    outcome: Outcome
    sentence: str
    tests: tuple[Test, ...] = ()  # those that failed
    time: float | None = None  # of the answer that decided


class Judgement:
    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.counts: dict[Fleet, FleetCount] = {"new": FleetCount(), "old": FleetCount()}
        self.failure: Decision | None = None
        self._evidence = Evidence(self.limits)
        self._pending: dict[Fleet, list[tuple[int, float | None]]] = {"new": [], "old": []}

    def add(self, answers: Iterable[Answer]) -> None:
        for answer in answers:
            if answer.fleet == "old" and self._evidence.old_has_ended:
                continue  # nothing is added to its record
            self.counts[answer.fleet].add(answer)
            self._pending[answer.fleet].append((answer.status_class, self._timed(answer)))
            if self._block_is_complete():
                self._compare()
                self._check(answer.time)

    def decide(self) -> Decision:
        """Passed so far means that a severe fault would have shown by now."""
        new, old = self.counts["new"], self.counts["old"]
        if self.failure:
            return self.failure
        if not new.answers or not old.answers:
            return Decision("undecided", f"no answer of the {'old' if new.answers else 'new'} fleet yet")
        exposures, faults = self._evidence.exposures(new, old), severe(self.limits)
        share = min(max(caught(fault, one, self.limits) for one in exposures) for fault in faults)
        text = sentence.no_difference(new.answers, old.answers, [fault.name for fault in faults], share) + self._cold()
        return Decision("passed so far" if share >= ENOUGH else "undecided", text)

    def summary(self, fleet: Fleet) -> dict[str, Any]:
        """For people: what is counted of a fleet, and how quickly it answers."""
        percentiles = {name: self._evidence.latency.milliseconds(fleet, share) for name, share in PERCENTILES.items()}
        return {**asdict(self.counts[fleet]), **percentiles}

    def _timed(self, answer: Answer) -> float | None:
        """The latency, except of errors and of workers' first requests, which are quick or slow for other reasons."""
        exempt = answer.cold and self.counts[answer.fleet].cold <= self.limits.cold_exempt
        return None if exempt or answer.status >= 400 else answer.latency_ms

    def _block_is_complete(self) -> bool:
        new, old = len(self._pending["new"]), len(self._pending["old"])
        if not new:
            return old >= LARGEST_BLOCK
        enough_of_old = old >= BLOCK or self._evidence.old_has_ended
        return new >= LARGEST_BLOCK or (enough_of_old and new >= block_size(self.counts["new"].answers))

    def _compare(self) -> None:
        new, old = self._pending["new"], self._pending["old"]
        if new and len(old) < BLOCK and self.counts["old"].answers >= RECORD and not self._evidence.old_has_ended:
            self._evidence.compare([], old)
            self._evidence.end_old()
        self._evidence.compare(new, old)
        self._pending = {"new": [], "old": []}

    def _check(self, time: float) -> None:
        needed = log(1 / self.limits.test_alpha)
        failed = tuple(test for test in TESTS if self._evidence.of(test) >= needed)
        if failed and not self.failure:
            self.failure = Decision("fail", "; ".join(map(self._describe, failed)), failed, time)

    def _describe(self, test: Test) -> str:
        if test == "latency":
            return sentence.latency(self._evidence.latency) + self._cold()
        new, old = self.counts["new"], self.counts["old"]
        return sentence.errors(test, (getattr(new, test), new.answers), (getattr(old, test), old.answers))

    def _cold(self) -> str:
        new = self.counts["new"]
        return sentence.cold(new.cold, self.limits.cold_exempt, new.slowest_cold_ms)

    def state(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {
            "limits": asdict(self.limits),
            "counts": {fleet: asdict(counted) for fleet, counted in self.counts.items()},
            "failure": asdict(self.failure) if self.failure else None,
            "evidence": self._evidence.state(),
            "pending": {fleet: list(answers) for fleet, answers in self._pending.items()},
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Self:
        """Goes on with the limits that the judgement began with: others would make its errors more frequent."""
        try:
            judgement = cls(Limits(**state["limits"]))
            judgement._restore(state)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise Problem(
                f"the stored state of the judgement is not valid ({error!r}): remove it, and the judgement begins again"
            ) from error
        return judgement

    def _restore(self, state: dict[str, Any]) -> None:
        self._evidence.restore(state["evidence"])
        if failure := state["failure"]:
            self.failure = Decision(**failure | {"tests": tuple(failure["tests"])})
        for fleet in self.counts:
            self.counts[fleet] = FleetCount(**state["counts"][fleet])
            self._pending[fleet] = [(status, timed) for status, timed in state["pending"][fleet]]
