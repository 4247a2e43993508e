"""The gate's metric on parts of the test side: one slice for every level of every categorical or boolean feature.

A slice is flagged as worse only if its interval, widened for the number of slices (Bonferroni), lies entirely on the
worse side of the overall value: among equal slices, at most one run in twenty flags any of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evaluation.estimates import CONFIDENCE, Estimate
from evaluation.metrics import ALL, MAXIMIZE, shortfall
from evaluation.outcomes import Outcome
from features import OTHER, Column

MIN_ROWS = 50
MAX_LEVELS = 20
MISSING = -1
Codes = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Slice:
    column: str
    level: str | None  # None for the groups other and missing
    group: str  # "level", "other" (rare and unseen levels) or "missing"
    rows: int
    target_mean: float | None  # binary: the share of positives; regression: the mean; multiclass: None
    estimate: Estimate
    difference: float  # slice minus overall value
    worse: bool

    @property
    def name(self) -> str:
        return self.level if self.level is not None else {"other": "rare or unseen", "missing": "missing"}[self.group]

    def as_json(self) -> dict[str, Any]:
        return {
            "column": self.column,
            "level": self.level,
            "group": self.group,
            "rows": self.rows,
            "target_mean": self.target_mean,
            **self.estimate.as_json(),
            "difference": self.difference,
            "worse": self.worse,
        }


@dataclass(frozen=True)
class _Part:
    column: Column
    code: int
    rows: int
    target_mean: float | None
    estimate: Estimate


def is_sliced(column: Column) -> bool:
    return column.kind in ("categorical", "boolean")


def codes_of(values: npt.NDArray[np.float32]) -> Codes:
    """An encoded column as integers, with a code for missing values."""
    return np.where(np.isnan(values), np.float32(MISSING), values).astype(np.int32)


def slices(outcome: Outcome, metric: str, whole: Estimate, columns: dict[Column, Codes]) -> list[Slice]:
    """Largest slices first within each column, columns in the features' order."""
    parts = [part for column, codes in columns.items() for part in _parts(outcome, metric, column, codes)]
    confidence = 1 - (1 - CONFIDENCE) / max(len(parts), 1)
    direction = ALL[outcome.problem][metric].direction
    return [_compare(part, direction, whole, confidence) for part in parts]


def _parts(outcome: Outcome, metric: str, column: Column, codes: Codes) -> list[_Part]:
    levels, rows = np.unique(codes, return_counts=True)
    largest = levels[np.argsort(-rows, kind="stable")][:MAX_LEVELS]
    large_enough = set(levels[rows >= MIN_ROWS].tolist())
    parts = []
    for code in largest.tolist():
        if code in large_enough:
            part = outcome.take(np.flatnonzero(codes == code))
            estimate = ALL[outcome.problem][metric].estimate(part)
            mean = None if outcome.problem == "multiclass" else float(np.mean(part.target))
            if estimate is not None:
                parts.append(_Part(column, code, len(part), mean, estimate))
    return parts


def _compare(part: _Part, direction: str, whole: Estimate, confidence: float) -> Slice:
    low, high = part.estimate.interval(confidence)
    nearest = high if direction == MAXIMIZE else low
    level, group = _level(part.column, part.code)
    return Slice(
        part.column.name,
        level,
        group,
        part.rows,
        part.target_mean,
        part.estimate,
        part.estimate.value - whole.value,
        worse=shortfall(direction, nearest, whole.value) > 0,
    )


def _level(column: Column, code: int) -> tuple[str | None, str]:
    if code == MISSING:
        return None, "missing"
    if column.kind == "boolean":
        return (column.words or ("false", "true"))[code], "level"
    if code == OTHER:
        return None, "other"
    return column.levels[code - 1], "level"
