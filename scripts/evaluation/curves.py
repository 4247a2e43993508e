"""The curves and tables behind the plots: small, whatever the number of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evaluation.estimates import Estimate, Interval, Numbers
from evaluation.outcomes import Ranking

MOST_POINTS = 200


@dataclass(frozen=True)
class Curve:
    x: Numbers
    y: Numbers

    @property
    def points(self) -> list[tuple[float, float]]:
        return list(zip(self.x.tolist(), self.y.tolist(), strict=True))


def roc(ranking: Ranking) -> Curve:
    """False positive rate against true positive rate, from the highest threshold to the lowest."""
    x = np.cumsum(ranking.negatives) / ranking.total_negatives
    y = np.cumsum(ranking.positives) / ranking.total_positives
    return thin(Curve(np.append(0.0, x), np.append(0.0, y)))


def precision_recall(ranking: Ranking) -> Curve:
    """Recall against precision; drawn from recall 0 at the precision of the highest scores."""
    found = np.cumsum(ranking.positives)
    precision = found / np.cumsum(ranking.positives + ranking.negatives)
    recall = found / ranking.total_positives
    return thin(Curve(np.append(0.0, recall), np.append(precision[0], precision)))


def thin(curve: Curve, most: int = MOST_POINTS) -> Curve:
    """At most so many of the curve's own points, evenly spaced along its length; first and last are kept."""
    if len(curve.x) <= most:
        return curve
    length = np.append(0.0, np.cumsum(np.abs(np.diff(curve.x)) + np.abs(np.diff(curve.y))))
    wanted = np.linspace(0, length[-1], most)
    chosen = np.searchsorted(length, wanted)
    chosen = np.unique(np.minimum(chosen, len(curve.x) - 1))
    return Curve(curve.x[chosen], curve.y[chosen])


@dataclass(frozen=True)
class CalibrationBin:
    predicted: float  # mean probability of the rows in the bin
    happened: float  # how often it came true
    interval: Interval
    rows: int
    edges: Interval


def calibration(probability: npt.NDArray[Any], happened: npt.NDArray[Any], bins: int = 10) -> list[CalibrationBin]:
    """Rows in bins of equal width by what was promised, against how often it came true. Empty bins are left out."""
    number = np.minimum((probability * bins).astype(np.int64), bins - 1)
    rows = np.bincount(number, minlength=bins)
    promised = np.bincount(number, probability.astype(np.float64), bins)
    true = np.bincount(number, happened.astype(np.float64), bins)
    found = []
    for b in np.flatnonzero(rows).tolist():
        share = float(true[b] / rows[b])
        interval = Estimate(share, 0.0, float(rows[b])).interval()
        found.append(CalibrationBin(promised[b] / rows[b], share, interval, int(rows[b]), (b / bins, (b + 1) / bins)))
    return found


def calibration_error(bins: list[CalibrationBin]) -> float:
    """How far promise and outcome lie apart, averaged over rows."""
    total = sum(b.rows for b in bins)
    return sum(abs(b.predicted - b.happened) * b.rows for b in bins) / total


def bins_for(rows: int, most: int) -> int:
    """Few bins for few rows, so that a plot shows the shape and not every single row."""
    return max(8, min(most, int(rows**0.5)))


@dataclass(frozen=True)
class Histogram:
    edges: Numbers
    shares: Numbers  # of all rows counted, 0 to 1


def histogram(values: npt.NDArray[Any], low: float, high: float, bins: int) -> Histogram:
    """Values outside low..high count in the first or last bin."""
    rows, edges = np.histogram(np.clip(values.astype(np.float64), low, high), bins, (low, high))
    return Histogram(edges, rows / max(len(values), 1))


@dataclass(frozen=True)
class Grid:
    """Rows counted in the cells of a plane, so that a million points are a few hundred squares."""

    x_edges: Numbers
    y_edges: Numbers
    rows: Numbers  # [x, y]


def grid(x: npt.NDArray[Any], y: npt.NDArray[Any], x_range: Interval, y_range: Interval, bins: int) -> Grid:
    rows, x_edges, y_edges = np.histogram2d(
        np.clip(x, *x_range), np.clip(y, *y_range), bins=bins, range=(x_range, y_range)
    )
    return Grid(x_edges, y_edges, rows)


def usual_range(values: npt.NDArray[Any], tail: float = 0.002) -> Interval:
    """Where nearly all values lie, so that a few far ones do not flatten the plot; never empty."""
    low, high = (float(edge) for edge in np.quantile(values, (tail, 1 - tail)))
    margin = (high - low) * 0.03 or abs(low) * 0.05 or 1.0
    return low - margin, high + margin
