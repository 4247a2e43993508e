"""The data of the plots: small for any number of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evaluation.estimates import Estimate, Interval, Numbers
from evaluation.outcomes import Ranking

MAX_POINTS = 200


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


def thin(curve: Curve, limit: int = MAX_POINTS) -> Curve:
    """At most ``limit`` points of the curve, evenly spaced along its length; first and last are kept."""
    if len(curve.x) <= limit:
        return curve
    length = np.append(0.0, np.cumsum(np.abs(np.diff(curve.x)) + np.abs(np.diff(curve.y))))
    positions = np.linspace(0, length[-1], limit)
    chosen = np.searchsorted(length, positions)
    chosen = np.unique(np.minimum(chosen, len(curve.x) - 1))
    return Curve(curve.x[chosen], curve.y[chosen])


@dataclass(frozen=True)
class CalibrationBin:
    predicted: float  # mean probability of the rows in the bin
    happened: float  # the share of rows where it came true
    interval: Interval
    rows: int
    edges: Interval


def calibration(probability: npt.NDArray[Any], happened: npt.NDArray[Any], bins: int = 10) -> list[CalibrationBin]:
    """Bins of equal width by predicted probability, with the share of rows where it came true; without empty bins."""
    number = np.minimum((probability * bins).astype(np.int64), bins - 1)
    rows = np.bincount(number, minlength=bins)
    predicted = np.bincount(number, probability.astype(np.float64), bins)
    true = np.bincount(number, happened.astype(np.float64), bins)
    calibration_bins = []
    for b in np.flatnonzero(rows).tolist():
        share = float(true[b] / rows[b])
        interval = Estimate(share, 0.0, float(rows[b])).interval()
        edges = (b / bins, (b + 1) / bins)
        calibration_bins.append(CalibrationBin(predicted[b] / rows[b], share, interval, int(rows[b]), edges))
    return calibration_bins


def calibration_error(bins: list[CalibrationBin]) -> float:
    """The mean absolute distance of predicted and observed shares, weighted by rows."""
    total = sum(b.rows for b in bins)
    return sum(abs(b.predicted - b.happened) * b.rows for b in bins) / total


def bins_for(rows: int, limit: int) -> int:
    """Few bins for few rows, so that a plot shows the shape."""
    return max(8, min(limit, int(rows**0.5)))


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
    """Rows counted in the cells of a plane: a few hundred squares instead of a million points."""

    x_edges: Numbers
    y_edges: Numbers
    rows: Numbers  # [x, y]


def grid(x: npt.NDArray[Any], y: npt.NDArray[Any], x_range: Interval, y_range: Interval, bins: int) -> Grid:
    rows, x_edges, y_edges = np.histogram2d(
        np.clip(x, *x_range), np.clip(y, *y_range), bins=bins, range=(x_range, y_range)
    )
    return Grid(x_edges, y_edges, rows)


def usual_range(values: npt.NDArray[Any], tail: float = 0.002) -> Interval:
    """The range of nearly all values, so that outliers do not flatten the plot; never empty."""
    low, high = (float(edge) for edge in np.quantile(values, (tail, 1 - tail)))
    margin = (high - low) * 0.03 or abs(low) * 0.05 or 1.0
    return low - margin, high + margin
