"""The evidence of the three tests: against the old fleet while it answers, and against its record afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from release.judgement.answers import FleetCount
from release.judgement.betting import BettingTest, Outcomes
from release.judgement.bounds import binomial_bound
from release.judgement.detection import Exposure
from release.judgement.latency import LatencyTest, indicator
from release.judgement.limits import Limits, Test

EXPECTED_ERRORS = 0.005
CLASSES: dict[Test, int] = {"errors_5xx": 5, "errors_4xx": 4}

Block = Sequence[tuple[int, float | None]]  # of each answer the class of the status, and the latency where it counts


class Evidence:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._errors = {test: BettingTest(limits.error_points, EXPECTED_ERRORS) for test in CLASSES}
        self.latency = LatencyTest(limits.latency_factor, limits.record_latency_factor)
        self._bounds: dict[Test, float] = {}  # of the old fleet's errors, once it has ended
        self._beside = 0  # answers of the new fleet while the old one answered
        self._after = 0

    @property
    def old_has_ended(self) -> bool:
        return bool(self._bounds)

    def of(self, test: Test) -> float:
        """The logarithm of how much more the answers fit a new fleet that is worse than tolerated."""
        return self.latency.evidence if test == "latency" else self._errors[test].evidence

    def compare(self, new: Block, old: Block) -> None:
        if self.old_has_ended:
            self._compare_with_record(new)
            return
        self._beside += len(new)
        for test, errors in self._errors.items():
            errors.compare(_hits(test, new), _hits(test, old))
        self.latency.compare(_latencies(new), _latencies(old))

    def _compare_with_record(self, new: Block) -> None:
        self._after += len(new)
        for test, errors in self._errors.items():
            errors.compare_with_bound(_hits(test, new), self._bounds[test])
        self.latency.compare_with_bounds(_latencies(new))

    def end_old(self) -> None:
        alpha = self._limits.record_alpha
        for test, errors in self._errors.items():
            self._bounds[test] = binomial_bound(round(errors.old_sum), errors.old_count, alpha)
        self.latency.end_old(alpha)

    def exposures(self, new: FleetCount, old: FleetCount) -> list[Exposure]:
        """With the old fleet as control, and with its record: of both only the answers whose latency counts."""
        rate, spread = old.error_rate, self.latency.old.spread()
        share = self.latency.new.total / max(1, new.answers)
        timed = self.latency.old.total
        return [
            Exposure(int(share * self._beside), timed, True, rate, spread),
            Exposure(int(share * self._after), timed, False, rate, spread),
        ]

    def state(self) -> dict[str, Any]:
        errors = {test: asdict(one) for test, one in self._errors.items()}
        counts = {"bounds": dict(self._bounds), "beside": self._beside, "after": self._after}
        return {"errors": errors, "latency": self.latency.state(), **counts}

    def restore(self, state: dict[str, Any]) -> None:
        self._errors = {test: BettingTest(**state["errors"][test]) for test in CLASSES}
        self.latency.restore(state["latency"])
        self._bounds, self._beside, self._after = dict(state["bounds"]), state["beside"], state["after"]


def _hits(test: Test, answers: Block) -> Outcomes:
    return indicator(sum(status == CLASSES[test] for status, _ in answers), len(answers))


def _latencies(answers: Block) -> list[float]:
    return [timed for _, timed in answers if timed is not None]
