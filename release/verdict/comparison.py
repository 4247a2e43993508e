"""Compares the new fleet with the old one over the whole rollout: a pure function of their metrics.

Alarms detect what is bad in a minute; this detects what is a little bad all the time. A difference counts when it is
larger than the settings allow and larger than chance explains.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, lgamma
from typing import Literal

from release.watch.fleet_metrics import FleetMetrics
from settings.release import Alarms

SIGNIFICANCE = 0.05  # a difference that chance alone would make more often means nothing
SLOWER = 2.0  # times the old fleet, and more than half of what the alarm allows

Outcome = Literal["pass", "fail", "inconclusive"]


@dataclass(frozen=True)
class Comparison:
    outcome: Outcome
    sentence: str
    green: FleetMetrics
    blue: FleetMetrics


def compare(green: FleetMetrics, blue: FleetMetrics, limits: Alarms) -> Comparison:
    if green.requests < limits.traffic_floor:
        reason = f"the new fleet had {green.requests} requests, and fewer than {limits.traffic_floor} prove nothing"
        return Comparison("inconclusive", reason, green, blue)
    worse = [
        sentence
        for sentence in (
            _more(green.errors_5xx, blue.errors_5xx, green, blue, limits.error_rate, "5xx"),
            _more(green.errors_4xx, blue.errors_4xx, green, blue, limits.error_4xx_rate, "4xx"),
            _slower(green, blue, limits),
        )
        if sentence
    ]
    summary = f"new {_summary(green, limits)}; old {_summary(blue, limits)}"
    return Comparison("fail" if worse else "pass", "; ".join(worse) or summary, green, blue)


def _more(bad: int, bad_before: int, green: FleetMetrics, blue: FleetMetrics, allowed: float, kind: str) -> str:
    """``allowed`` 0 means no limit."""
    before = bad_before / blue.requests if blue.requests else 0.0
    rate = bad / green.requests
    if not allowed or rate <= before + allowed:
        return ""
    if _probability(bad, green.requests, bad_before, blue.requests) > SIGNIFICANCE:
        return ""
    return (
        f"{kind} of the new fleet: {bad} of {green.requests} requests ({rate:.1%}), "
        f"of the old one {bad_before} of {blue.requests} ({before:.1%}); {allowed:.1%} more are allowed"
    )


def _probability(bad: int, requests: int, bad_before: int, before: int) -> float:
    """Fisher's exact test: how probable it is that so many of all errors are on this side when both sides are equal.

    Without an old fleet there is nothing to be equal to: then two errors are not chance.
    """
    if not before:
        return 0.0 if bad > 1 else 1.0
    errors, most = bad + bad_before, min(bad + bad_before, requests)
    total = _log_binomial(requests + before, errors)
    return sum(
        exp(_log_binomial(requests, k) + _log_binomial(before, errors - k) - total) for k in range(bad, most + 1)
    )


def _log_binomial(total: int, chosen: int) -> float:
    """The logarithm of how many ways there are to choose."""
    return lgamma(total + 1) - lgamma(chosen + 1) - lgamma(total - chosen + 1)


def _slower(green: FleetMetrics, blue: FleetMetrics, limits: Alarms) -> str:
    now, before, most = green.judged_ms, blue.judged_ms, limits.latency_ms
    if now is None or not most:
        return ""
    latency = f"the new fleet's {limits.latency_statistic} latency is {now:.0f} ms"
    if now > most:
        return f"{latency}, and at most {most} ms are allowed"
    if before is not None and now > SLOWER * before and now > most / 2:
        return f"{latency}, the old one's {before:.0f} ms"
    return ""


def _summary(fleet: FleetMetrics, limits: Alarms) -> str:
    latency = f", {limits.latency_statistic} {fleet.judged_ms:.0f} ms" if fleet.judged_ms is not None else ""
    return f"{fleet.requests} requests, {fleet.errors_5xx} 5xx, {fleet.errors_4xx} 4xx{latency}"
