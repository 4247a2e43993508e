"""Metrics of predicted labels, computed from the confusion matrix.

Precision, recall and F of one class are ratios ``a·hits / (r·actual + c·predicted)``; "weighted" and "macro" metrics
are averages of such ratios over classes. So one formula gives every value and the influence of every cell of the
matrix, however many rows and classes there are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from evaluation.estimates import Estimate, Numbers, spread
from evaluation.outcomes import Counts, Outcome


@dataclass(frozen=True)
class Ratio:
    """``(actual + predicted)·hits / (actual·rows of the class + predicted·rows predicted as the class)``."""

    actual: float
    predicted: float


Measure = Callable[[Counts], Estimate]  # whose influences are those of the matrix's cells
PRECISION = Ratio(actual=0, predicted=1)
RECALL = Ratio(actual=1, predicted=0)


def f_score(beta: float) -> Ratio:
    """beta above 1 favours recall, below 1 precision."""
    return Ratio(actual=beta * beta, predicted=1)


def accuracy(outcome: Outcome) -> Estimate | None:
    return _with_baseline(outcome, _accuracy)


def of_class(outcome: Outcome, ratio: Ratio, number: int) -> Estimate | None:
    """One class's ratio; None where no row of the test side belongs to the class."""
    if outcome.confusion[number].sum() == 0:
        return None
    weights = np.zeros(len(outcome.classes))
    weights[number] = 1
    return _with_baseline(outcome, lambda cells: _average(cells, ratio, weights, by_rows=False))


def weighted(outcome: Outcome, ratio: Ratio) -> Estimate | None:
    """The average over classes, weighted by rows."""
    return _with_baseline(outcome, lambda cells: _average(cells, ratio, cells.sum(axis=1) / cells.sum(), True))


def macro(outcome: Outcome, ratio: Ratio) -> Estimate | None:
    """The unweighted average over the classes that occur."""

    def measure(cells: Counts) -> Estimate:
        occurs = (outcome.confusion.sum(axis=0) + outcome.confusion.sum(axis=1)) > 0
        return _average(cells, ratio, occurs / occurs.sum(), by_rows=False)

    return _with_baseline(outcome, measure)


def complement(estimate: Estimate | None) -> Estimate | None:
    """One minus a share: the false rates from the true ones."""
    if estimate is None or estimate.baseline is None:
        return None
    influences = estimate.influences
    return replace(
        estimate,
        value=1 - estimate.value,
        baseline=1 - estimate.baseline,
        influences=influences and (lambda: -influences()),
    )


def best_constant(outcome: Outcome, measure: Measure) -> Estimate:
    """The best constant prediction: one of the two most frequent classes."""
    rows = outcome.confusion.sum(axis=1)
    constants = []
    for number in np.argsort(-rows, kind="stable")[:2]:
        cells = np.zeros_like(outcome.confusion)
        cells[:, number] = rows
        constants.append(measure(cells))
    return max(constants, key=lambda estimate: estimate.value)


def _with_baseline(outcome: Outcome, measure: Measure) -> Estimate:
    constant = best_constant(outcome, measure)
    estimate = measure(outcome.confusion)
    of_cells = estimate.influences
    return replace(
        estimate,
        baseline=constant.value,
        baseline_deviation=constant.standard_deviation,
        influences=of_cells and (lambda: of_cells()[outcome.target.astype(np.int64), outcome.predicted]),
    )


def _accuracy(cells: Counts) -> Estimate:
    total = cells.sum()
    value = float(np.trace(cells) / total)
    influence = np.eye(len(cells)) - value
    return Estimate(value, spread(influence, cells), float(total), influences=lambda: influence)


def _average(cells: Counts, ratio: Ratio, weights: Numbers, by_rows: bool) -> Estimate:
    """The weighted average of the classes' ratios; ``by_rows``: the weights are themselves shares of rows."""
    total = float(cells.sum())
    actual, predicted, hits = cells.sum(axis=1) / total, cells.sum(axis=0) / total, np.diagonal(cells) / total
    size = ratio.actual * actual + ratio.predicted * predicted
    scale = np.divide(1.0, size, out=np.zeros_like(size), where=size > 0)  # an empty ratio counts as 0
    values = (ratio.actual + ratio.predicted) * hits * scale
    value = float(values @ weights)

    pull = weights * scale
    influence = np.diag((ratio.actual + ratio.predicted) * pull)
    influence = influence - ratio.actual * (pull * values)[:, None] - ratio.predicted * (pull * values)[None, :]
    if by_rows:
        influence = influence + (values - value)[:, None]
    support = total * float(weights @ size) / (ratio.actual + ratio.predicted) if not by_rows else total
    return Estimate(value, spread(influence, cells), support, influences=lambda: influence)
