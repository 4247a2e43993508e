"""Predicted and true values: the input of every metric, curve and slice."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Ranking:
    """Rows grouped by score, highest score first; tied rows share a group."""

    positives: Counts
    negatives: Counts
    groups: Counts  # the group of each row
    positive: npt.NDArray[np.bool_]  # of each row

    @cached_property
    def total_positives(self) -> int:
        return int(self.positives.sum())

    @cached_property
    def total_negatives(self) -> int:
        return int(self.negatives.sum())

    def __len__(self) -> int:
        return len(self.groups)

    @property
    def has_both_classes(self) -> bool:
        return self.total_positives > 0 and self.total_negatives > 0


def rank(scores: npt.NDArray[Any], positive: npt.NDArray[np.bool_]) -> Ranking:
    order = np.argsort(scores)[::-1]
    ordered = scores[order]
    begins = np.concatenate(([True], ordered[1:] != ordered[:-1]))
    starts = np.flatnonzero(begins)
    rows = np.diff(np.append(starts, len(ordered)))
    positives = np.add.reduceat(positive[order].astype(np.int64), starts)
    groups = np.empty(len(order), np.int64)
    groups[order] = np.cumsum(begins) - 1
    return Ranking(positives, rows - positives, groups, positive)


@dataclass(frozen=True)
class Outcome:
    """``target`` and ``predicted`` are class numbers; for regression values, and ``probabilities`` has no columns."""

    problem: str
    classes: tuple[str, ...]
    target: npt.NDArray[Any]
    predicted: npt.NDArray[Any]
    probabilities: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.target)

    def take(self, rows: npt.NDArray[Any]) -> Outcome:
        return Outcome(self.problem, self.classes, self.target[rows], self.predicted[rows], self.probabilities[rows])

    def largest_classes(self, limit: int) -> list[int]:
        """The numbers of the classes with the most rows, in the classes' order."""
        rows = self.confusion.sum(axis=1)
        return sorted(np.argsort(-rows, kind="stable")[:limit].tolist())

    @cached_property
    def confusion(self) -> Counts:
        """Rows: the true class; columns: the predicted one."""
        size = len(self.classes)
        cells = self.target.astype(np.int64) * size + self.predicted
        return np.bincount(cells, minlength=size * size).reshape(size, size).astype(np.int64)

    @cached_property
    def ranking(self) -> Ranking:
        """Binary: the rows by their probability of the positive class."""
        return self.ranking_of(1)

    def ranking_of(self, number: int) -> Ranking:
        """One class against the rest."""
        return rank(self.probabilities[:, number], self.target == number)
