"""The metrics by problem type: title, direction, meaning and computation.

The names are those of SageMaker Model Monitor where it has the metric; a quality gate uses these names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from evaluation import error_metrics as errors
from evaluation import label_metrics as labels
from evaluation import score_metrics as scores
from evaluation.estimates import Estimate
from evaluation.outcomes import Outcome

MAXIMIZE, MINIMIZE = "maximize", "minimize"


@dataclass(frozen=True)
class Measure:
    title: str
    direction: str
    meaning: str
    estimate: Callable[[Outcome], Estimate | None]  # None: undefined on these rows


def _positive(ratio: labels.Ratio) -> Callable[[Outcome], Estimate | None]:
    return lambda outcome: labels.of_class(outcome, ratio, 1)


def _weighted(ratio: labels.Ratio) -> Callable[[Outcome], Estimate | None]:
    return lambda outcome: labels.weighted(outcome, ratio)


def _true_negative_rate(outcome: Outcome) -> Estimate | None:
    return labels.of_class(outcome, labels.RECALL, 0)


_ACCURACY = Measure("Accuracy", MAXIMIZE, "the share of all rows that got the right label", labels.accuracy)
_LOG_LOSS = Measure(
    "Log loss", MINIMIZE, "how surprised the probabilities were by what happened; 0 would be perfect", scores.log_loss
)

BINARY = {
    "auc": Measure(
        "AUC",
        MAXIMIZE,
        "how often a positive row scores above a negative one",
        lambda outcome: scores.auc(outcome.ranking),
    ),
    "pr_auc": Measure(
        "PR-AUC",
        MAXIMIZE,
        "precision, averaged over all thresholds: the one to watch when positives are rare",
        lambda outcome: scores.average_precision(outcome.ranking),
    ),
    "accuracy": _ACCURACY,
    "precision": Measure(
        "Precision", MAXIMIZE, "of the rows called positive, the share that is", _positive(labels.PRECISION)
    ),
    "recall": Measure("Recall", MAXIMIZE, "of the positive rows, the share that was found", _positive(labels.RECALL)),
    "f1": Measure("F1", MAXIMIZE, "precision and recall in one number (harmonic mean)", _positive(labels.f_score(1))),
    "log_loss": _LOG_LOSS,
    "brier": Measure("Brier score", MINIMIZE, "the probabilities' mean squared distance from the truth", scores.brier),
}
BINARY_ONLY_IN_JSON = {
    "f0_5": Measure("F0.5", MAXIMIZE, "F that favours precision", _positive(labels.f_score(0.5))),
    "f2": Measure("F2", MAXIMIZE, "F that favours recall", _positive(labels.f_score(2))),
    "true_positive_rate": Measure("True positive rate", MAXIMIZE, "recall", _positive(labels.RECALL)),
    "true_negative_rate": Measure(
        "True negative rate", MAXIMIZE, "of the negative rows, the share left alone", _true_negative_rate
    ),
    "false_positive_rate": Measure(
        "False positive rate",
        MINIMIZE,
        "of the negative rows, the share called positive",
        lambda outcome: labels.complement(_true_negative_rate(outcome)),
    ),
    "false_negative_rate": Measure(
        "False negative rate",
        MINIMIZE,
        "of the positive rows, the share missed",
        lambda outcome: labels.complement(labels.of_class(outcome, labels.RECALL, 1)),
    ),
}
MULTICLASS = {
    "accuracy": _ACCURACY,
    "weighted_precision": Measure(
        "Precision",
        MAXIMIZE,
        "of the rows called a class, the share that is; over all classes",
        _weighted(labels.PRECISION),
    ),
    "weighted_recall": Measure(
        "Recall",
        MAXIMIZE,
        "of the rows of a class, the share that was found; over all classes",
        _weighted(labels.RECALL),
    ),
    "weighted_f1": Measure(
        "F1",
        MAXIMIZE,
        "precision and recall in one number; each class counts by its rows",
        _weighted(labels.f_score(1)),
    ),
    "macro_f1": Measure(
        "Macro F1",
        MAXIMIZE,
        "precision and recall in one number; each class counts the same, so small ones show",
        lambda outcome: labels.macro(outcome, labels.f_score(1)),
    ),
    "log_loss": _LOG_LOSS,
}
MULTICLASS_ONLY_IN_JSON = {
    "weighted_f0_5": Measure("F0.5", MAXIMIZE, "F that favours precision", _weighted(labels.f_score(0.5))),
    "weighted_f2": Measure("F2", MAXIMIZE, "F that favours recall", _weighted(labels.f_score(2))),
}
REGRESSION = {
    "rmse": Measure("RMSE", MINIMIZE, "the typical error, large ones weighing more", errors.rmse),
    "mae": Measure("MAE", MINIMIZE, "the average distance from the truth", errors.mae),
    "mse": Measure("MSE", MINIMIZE, "the mean squared error", errors.mse),
    "r2": Measure("R²", MAXIMIZE, "the share of the target's variation that is explained", errors.r2),
}
SHOWN = {"binary": BINARY, "multiclass": MULTICLASS, "regression": REGRESSION}
ALL = {
    "binary": BINARY | BINARY_ONLY_IN_JSON,
    "multiclass": MULTICLASS | MULTICLASS_ONLY_IN_JSON,
    "regression": REGRESSION,
}


def estimates(outcome: Outcome) -> dict[str, Estimate]:
    """Every metric that is defined on these rows; AUC is undefined with a single class."""
    all_estimates = {name: measure.estimate(outcome) for name, measure in ALL[outcome.problem].items()}
    return {name: estimate for name, estimate in all_estimates.items() if estimate is not None}


def shortfall(direction: str, value: float, reference: float) -> float:
    """How much worse than the reference: negative when better."""
    return reference - value if direction == MAXIMIZE else value - reference
