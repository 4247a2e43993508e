"""The input of the quality gate: the chosen metric, its threshold, and the champion's metric on the same rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from evaluation.champion import Champion
from evaluation.estimates import Difference, Estimate, paired
from evaluation.metrics import ALL, MAXIMIZE, shortfall
from failures import UserError

KEYS = {
    "binary": "binary_classification_metrics",
    "multiclass": "multiclass_classification_metrics",
    "regression": "regression_metrics",
}
PASS, FAIL = "pass", "fail"
MAX_DECIMALS = 17
NONE, IMPOSSIBLE, COMPARED = "none", "impossible", "compared"


@dataclass(frozen=True)
class Rules:
    """What the settings say of the comparison."""

    threshold: float  # at least this good; errors and losses: at most
    tolerance: float  # how much worse than the champion a model may be
    unscorable: str  # the verdict where the champion cannot score these rows


def gate(
    metric: str, problem: str, estimates: dict[str, Estimate], rows: int, champion: Champion | None, rules: Rules
) -> dict[str, Any]:
    """The pipeline's condition reads ``value`` and ``champion_verdict``; people read ``threshold_verdict``, too."""
    estimate = estimates[metric]
    direction = ALL[problem][metric].direction
    return {
        "metric": metric,
        "direction": direction,
        "value": estimate.value,
        "confidence_interval": list(estimate.interval()),
        **_threshold(metric, direction, estimate.value, rules.threshold),
        "champion_tolerance": rules.tolerance,
        **_comparison(metric, direction, estimate, rows, champion, rules),
    }


def _threshold(metric: str, direction: str, value: float, threshold: float) -> dict[str, Any]:
    def verdict(value: float) -> str:
        return PASS if shortfall(direction, value, threshold) <= 0 else FAIL

    decimals = max(5 - len(str(int(abs(value)))), 0)
    while decimals < MAX_DECIMALS and verdict(round(value, decimals)) != verdict(value):
        decimals += 1  # so that 0.79996 is not shown as 0.8
    needed = "at least" if direction == MAXIMIZE else "at most"
    return {
        "threshold": threshold,
        "threshold_verdict": verdict(value),
        "threshold_reason": f"{metric} is {value:,.{decimals}f}, and {needed} {threshold:g} is needed",
    }


def _comparison(
    metric: str, direction: str, estimate: Estimate, rows: int, champion: Champion | None, rules: Rules
) -> dict[str, Any]:
    if champion is None:
        return _not_compared(NONE, None, PASS, "there is no champion yet")
    if champion.reason:
        reason = f"it was compared with nobody, as the champion cannot score this test side: {champion.reason}"
        return _not_compared(IMPOSSIBLE, champion.name, rules.unscorable, reason)
    reference = champion.estimates[metric]
    difference = paired(estimate, reference)
    worst = worst_shortfall(direction, difference)
    verdict = PASS if worst <= rules.tolerance else FAIL
    return {
        "comparison": COMPARED,
        "champion_package": champion.name,
        "champion": reference.value,
        "champion_confidence_interval": list(reference.interval()),
        "rows": rows,
        "difference": difference.value,
        "difference_confidence_interval": list(difference.interval()),
        "shortfall": shortfall(direction, estimate.value, reference.value),
        "worst_shortfall": worst,
        "champion_verdict": verdict,
        "champion_reason": _sentence(metric, reference, rows, difference, worst, rules.tolerance),
    }


def _not_compared(comparison: str, package: str | None, verdict: str, reason: str) -> dict[str, Any]:
    return {
        "comparison": comparison,
        "champion_package": package,
        "champion": None,
        "shortfall": 0.0,
        "champion_verdict": verdict,
        "champion_reason": reason,
    }


def worst_shortfall(direction: str, difference: Difference) -> float:
    """At the worse end of the difference's interval: a model that may be much worse has not shown that it is not."""
    low, high = difference.interval()
    return -low if direction == MAXIMIZE else high


def _sentence(
    metric: str, reference: Estimate, rows: int, difference: Difference, worst: float, tolerance: float
) -> str:
    low, high = difference.interval()
    return (
        f"against the champion's {metric} of {reference.value:.4f} on the same {rows:,} rows it is "
        f"{difference.value:+.4f} (95 % interval {low:+.4f} to {high:+.4f}), so at worst {max(worst, 0.0):.4f} worse; "
        f"{tolerance:g} is tolerated"
    )


def check_metric(metric: str, problem: str) -> None:
    """Before the evaluation: the metric must exist for this problem type."""
    if metric not in ALL[problem]:
        raise UserError(
            f"the gate's metric {metric} does not exist for a {problem} problem: "
            f"set quality_gate.metric to one of {', '.join(ALL[problem])}"
        )


def check_available(metric: str, estimates: dict[str, Estimate]) -> None:
    """After the evaluation: the metric may be undefined on these rows, such as R² of a constant target."""
    if metric not in estimates:
        raise UserError(
            f"the gate's metric {metric} is undefined on this test side, whose target does not vary enough: raise "
            f"data.test_fraction, add data, or set quality_gate.metric to one of {', '.join(estimates)}"
        )
