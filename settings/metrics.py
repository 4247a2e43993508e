"""The metrics for the quality gate, by problem type, with the range of their values: those that evaluate reports."""

from __future__ import annotations

from math import inf

ZERO_TO_ONE = (0.0, 1.0)
FROM_ZERO = (0.0, inf)
METRICS: dict[str, dict[str, tuple[float, float]]] = {
    "binary": {
        "auc": ZERO_TO_ONE,
        "pr_auc": ZERO_TO_ONE,
        "accuracy": ZERO_TO_ONE,
        "precision": ZERO_TO_ONE,
        "recall": ZERO_TO_ONE,
        "f1": ZERO_TO_ONE,
        "log_loss": FROM_ZERO,
        "brier": ZERO_TO_ONE,
    },
    "multiclass": {
        "accuracy": ZERO_TO_ONE,
        "weighted_precision": ZERO_TO_ONE,
        "weighted_recall": ZERO_TO_ONE,
        "weighted_f1": ZERO_TO_ONE,
        "macro_f1": ZERO_TO_ONE,
        "log_loss": FROM_ZERO,
    },
    "regression": {"rmse": FROM_ZERO, "mae": FROM_ZERO, "mse": FROM_ZERO, "r2": (-inf, 1.0)},
}


def describe(bounds: tuple[float, float]) -> str:
    low, high = bounds
    if high == inf:
        return f"at least {low:g}"
    return f"at most {high:g}" if low == -inf else f"from {low:g} to {high:g}"
