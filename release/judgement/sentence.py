"""What a judgement says: numbers with their units, the new fleet's first."""

from __future__ import annotations

from collections.abc import Sequence

from release.judgement.latency import LatencyTest

CLASSES = {"errors_5xx": "failed (5xx)", "errors_4xx": "were refused (4xx)"}


def errors(test: str, new: tuple[int, int], old: tuple[int, int]) -> str:
    """Each fleet as its errors and its answers."""
    return f"{_rate(*new)} of {new[1]:,} answers {CLASSES[test]}, {_rate(*old)} of {old[1]:,} before"


def latency(test: LatencyTest) -> str:
    now, before = test.medians
    return (
        f"{test.ratio(0.5):.1f} times as slow at the median, {test.ratio(0.99):.1f} at p99: half of its answers take "
        f"more than {now:,.0f} ms, {before:,.0f} ms before"
    )


def no_difference(new: int, old: int, faults: Sequence[str], share: float) -> str:
    """``share``: with which each of the faults would have shown by now."""
    return (
        f"{new:,} answers of the new fleet and {old:,} of the old one show no difference beyond the tolerance; "
        f"{' or '.join(faults)} would have shown with {100 * share:.0f} %"
    )


def cold(answers: int, exempt: int, slowest_ms: float) -> str:
    """``exempt``: so many of the cold answers are, at most."""
    if not answers:
        return ""
    some = f"{exempt:,} of " if answers > exempt else ""
    return (
        f"; {some}{answers:,} first requests of its workers are not held against it, "
        f"the slowest took {slowest_ms:,.0f} ms"
    )


def _rate(hits: int, answers: int) -> str:
    return f"{100 * hits / answers:.1f} %" if answers else "nothing"
