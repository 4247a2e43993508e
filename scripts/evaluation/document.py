"""evaluation.json, in the model-quality layout of SageMaker Model Monitor, with additional keys."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from evaluation import curves
from evaluation.champion import Champion
from evaluation.estimates import Estimate
from evaluation.gate import KEYS
from evaluation.metrics import SHOWN
from evaluation.outcomes import Outcome
from evaluation.slices import Slice
from features import Features

FEW_POSITIVES = 30  # fewer are warned of
MAX_FULL_CLASSES = 100  # the pipeline reads this file whole: keep it small
WITH_CONSTANT = {
    "binary": ("recall", "precision", "accuracy", "f0_5", "f1", "f2"),
    "multiclass": (
        *("accuracy", "weighted_recall", "weighted_precision"),
        *("weighted_f0_5", "weighted_f1", "weighted_f2"),
    ),
    "regression": (),
}


@dataclass(frozen=True)
class Evaluation:
    """All results; written as evaluation.json and report.html."""

    features: Features
    metadata: dict[str, Any]
    outcome: Outcome
    estimates: dict[str, Estimate]
    gate: dict[str, Any]
    slices: list[Slice]
    champion: Champion | None
    importance: dict[str, float]  # feature name -> its share, the largest first
    facets: list[dict[str, Any]] = field(default_factory=list)  # the groups of data.facets on the test side

    @property
    def scored_champion(self) -> Champion | None:
        return self.champion if self.champion and self.champion.estimates else None

    @property
    def threshold(self) -> float:
        """Binary: the probability from which a row is predicted positive."""
        threshold = self.metadata.get("threshold")
        return 0.5 if threshold is None else float(threshold)

    def as_json(self) -> str:
        content = {
            "version": 0.0,
            "dataset": {"item_count": len(self.outcome)},
            KEYS[self.outcome.problem]: self._confusion() | self._metrics() | self._curves() | self._constants(),
            "gate": self.gate,
            "slices": [piece.as_json() for piece in self.slices],
        } | ({"facets": self.facets} if self.facets else {})
        return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    def lines(self) -> list[str]:
        """A table of the metrics for the log."""
        champion = self.scored_champion
        row = "{:<20}{:>10}   {:<24}{:>10}" + ("{:>12}" if champion else "")
        lines = [row.format("metric", "test", "95 % interval", "constant", "champion")]
        for name in SHOWN[self.outcome.problem]:
            if estimate := self.estimates.get(name):
                low, high = (_short(edge) for edge in estimate.interval())
                other = _short(champion.value(name)) if champion else "-"
                texts = (name, _short(estimate.value), f"{low} to {high}", _short(estimate.baseline), other)
                lines.append(row.format(*texts))
        return lines

    def _metrics(self) -> dict[str, Any]:
        return {name: estimate.as_json() for name, estimate in self.estimates.items()}

    def _confusion(self) -> dict[str, Any]:
        """True class, then predicted class; of very many classes only the cells that hold rows."""
        classes = self.outcome.classes
        if not classes:
            return {}
        all_cells = len(classes) <= MAX_FULL_CLASSES
        return {
            "confusion_matrix": {
                name: {other: cell for other, cell in zip(classes, row, strict=True) if cell or all_cells}
                for name, row in zip(classes, self.outcome.confusion.tolist(), strict=True)
            }
        }

    def _curves(self) -> dict[str, Any]:
        if self.outcome.problem != "binary" or not self.outcome.ranking.has_both_classes:
            return {}
        roc = curves.roc(self.outcome.ranking)
        precision_recall = curves.precision_recall(self.outcome.ranking)
        return {
            "receiver_operating_characteristic_curve": {
                "false_positive_rates": roc.x.tolist(),
                "true_positive_rates": roc.y.tolist(),
            },
            "precision_recall_curve": {
                "precisions": precision_recall.y.tolist(),
                "recalls": precision_recall.x.tolist(),
            },
        }

    def _constants(self) -> dict[str, Any]:
        """The metrics of the best constant classifier, by SageMaker's names."""
        names = [name for name in WITH_CONSTANT[self.outcome.problem] if name in self.estimates]
        return {
            f"{name}_best_constant_classifier": {
                "value": estimate.baseline,
                "standard_deviation": estimate.baseline_deviation,
            }
            for name in names
            if (estimate := self.estimates[name])
        }


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}" if abs(value) < 1000 else f"{value:,.1f}"
