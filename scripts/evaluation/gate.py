"""The input of the quality gate: the chosen metric, compared with the evaluation of the approved champion."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.estimates import Estimate
from evaluation.metrics import ALL, shortfall
from failures import UserError

KEYS = {
    "binary": "binary_classification_metrics",
    "multiclass": "multiclass_classification_metrics",
    "regression": "regression_metrics",
}


@dataclass(frozen=True)
class Champion:
    """The metrics of an earlier evaluation.json, measured on the test rows of that time."""

    metrics: dict[str, Any]
    rows: int | None

    def value(self, metric: str) -> float | None:
        entry = self.metrics.get(metric)
        value = entry.get("value") if isinstance(entry, dict) else None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return None
        return float(value)

    def interval(self, metric: str) -> list[float] | None:
        interval = self.metrics.get(metric, {}).get("confidence_interval")
        return interval if isinstance(interval, list) and len(interval) == 2 else None


def read_champion(folder: Path | None, problem: str, metric: str) -> Champion | None:
    """None without a champion; a champion that cannot be compared is an error."""
    files = sorted(folder.rglob("*.json")) if folder is not None and folder.is_dir() else []
    if not files:
        return None
    if len(files) > 1:
        raise UserError(f"{folder} holds {len(files)} JSON files: leave only the champion's evaluation.json there")
    content = _read(files[0])
    if content.get("champion") == "none":
        return None
    metrics = content.get(KEYS[problem])
    if not isinstance(metrics, dict):
        raise UserError(_other_problem(files[0], problem, content))
    rows = content.get("dataset", {}).get("item_count") if isinstance(content.get("dataset"), dict) else None
    champion = Champion(metrics, rows if isinstance(rows, int) else None)
    if champion.value(metric) is None:
        raise UserError(
            f"the champion's {files[0].name} has no {metric}: set quality_gate.metric to one that it has "
            f"({', '.join(name for name in ALL[problem] if champion.value(name) is not None) or 'none'}) "
            "or evaluate the champion again"
        )
    return champion


def gate(metric: str, problem: str, estimates: dict[str, Estimate], champion: Champion | None) -> dict[str, Any]:
    estimate = estimates[metric]
    direction = ALL[problem][metric].direction
    reference = champion.value(metric) if champion else None
    return {
        "metric": metric,
        "direction": direction,
        "value": estimate.value,
        "confidence_interval": list(estimate.interval()),
        "champion": reference,
        "champion_confidence_interval": champion.interval(metric) if champion else None,
        "shortfall": 0.0 if reference is None else shortfall(direction, estimate.value, reference),
    }


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


def _read(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise UserError(
            f"the champion's {file.name} is not readable JSON ({error}): give an evaluation.json of this pipeline "
            'or {"champion": "none"}'
        ) from error
    if not isinstance(content, dict):
        raise UserError(f'the champion\'s {file.name} is not an evaluation: give one, or {{"champion": "none"}}')
    return content


def _other_problem(file: Path, problem: str, content: dict[str, Any]) -> str:
    found = next((name for name, key in KEYS.items() if key in content), None)
    what = f"is of a {found} problem" if found else "holds no model-quality metrics"
    return (
        f"the champion's {file.name} {what} but this model is {problem}: register it in a model package group of "
        'its own (project.group), or give {"champion": "none"}'
    )
