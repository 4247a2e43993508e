"""Metrics with their uncertainty: a value, its standard deviation and a confidence interval.

No bootstrap: every metric here is a smooth function of averages over rows, so the *influence* of each row on the metric
has a closed form, and the spread of the influences is the metric's standard deviation (the infinitesimal jackknife;
for AUC this is DeLong's method). One pass over the rows, no seed, reproducible, a million rows in a second, and the
cost of a slice is that of its own rows.

The interval depends on the kind of the metric, so that it never leaves the possible range:

- ``share`` (0 to 1: accuracy, recall, AUC): Wilson's interval on the effective number of rows, which has a width
  also at 0 and 1, where "value ± 1.96 deviations" has none. Shares that are counted get a correction of half a row. Of
  rankings with few positives the influences spread too little: their variance is averaged with an assumed one, which
  counts as much as 20 positives do;
- ``loss`` (0 upwards: RMSE, log loss): symmetric on the logarithmic scale;
- ``r2`` (1 downwards): one minus a loss.

Two models on the same rows: the influences are subtracted row by row before their spread is taken. What both find hard
counts once, so the interval of the difference is far narrower than those of the two metrics.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

CONFIDENCE = 0.95
Numbers = npt.NDArray[np.float64]
Interval = tuple[float, float]
ASSUMED_ROWS = 20  # the fewest for which intervals cover what they promise, from 5 positives on
Influences = Callable[[], Numbers]  # of each row, in the rows' order; a function, as few of them are needed


@dataclass(frozen=True)
class Estimate:
    value: float
    standard_deviation: float
    support: float  # number of rows behind the value: determines the interval where the deviation is 0
    kind: str = "share"
    baseline: float | None = None  # of the best constant prediction
    baseline_deviation: float = 0.0
    assumed: Callable[[float], float] | None = field(default=None, repr=False, compare=False)  # variance of a value
    uncertain_deviation: bool = False  # the deviation is known no better than a mean's of ``support`` rows
    influences: Influences | None = field(default=None, repr=False, compare=False)

    def interval(self, confidence: float = CONFIDENCE) -> Interval:
        z = NormalDist().inv_cdf((1 + confidence) / 2)
        if self.kind == "share":
            return self._of_share(z)
        if self.kind == "r2":
            low, high = _logarithmic(1 - self.value, self.standard_deviation, z)
            return 1 - high, 1 - low
        return _logarithmic(self.value, self.standard_deviation, z)

    def _of_share(self, z: float) -> Interval:
        if self.assumed is None:
            return _wilson(self.value, self.value, self.standard_deviation, self.support, z, counted=True)
        inner = (self.support * self.value + 1) / (self.support + 2)  # at 0 and 1 every assumed variance is 0
        of_rows, assumed = self.support * self.standard_deviation**2, ASSUMED_ROWS * self.assumed(inner)
        deviation = math.sqrt((of_rows + assumed) / (self.support + ASSUMED_ROWS))
        if self.uncertain_deviation:
            z = _student(z, max(self.support - 1, 1))
        return _wilson(self.value, inner, deviation, self.support, z)

    def as_json(self) -> dict[str, Any]:
        """SageMaker's two keys and additional ones."""
        content: dict[str, Any] = {
            "value": self.value,
            "standard_deviation": self.standard_deviation,
            "confidence_interval": list(self.interval()),
        }
        return content if self.baseline is None else content | {"baseline": self.baseline}


@dataclass(frozen=True)
class Difference:
    """One model minus another, measured on the same rows."""

    value: float
    standard_deviation: float

    def interval(self, confidence: float = CONFIDENCE) -> Interval:
        half = NormalDist().inv_cdf((1 + confidence) / 2) * self.standard_deviation
        return self.value - half, self.value + half


def paired(one: Estimate, other: Estimate) -> Difference:
    if one.influences is None or other.influences is None:
        raise ValueError("an estimate without the influences of its rows cannot be paired")
    return Difference(one.value - other.value, spread(one.influences() - other.influences()))


def spread(influences: Numbers, rows: npt.NDArray[Any] | None = None) -> float:
    """The standard deviation of a metric from the influence of each row, or of groups of ``rows`` equal rows."""
    squares = np.square(influences) if rows is None else np.square(influences) * rows
    count = float(influences.size if rows is None else rows.sum())
    return math.sqrt(float(squares.sum()) / count / max(count - 1, 1))


def _wilson(value: float, inner: float, deviation: float, support: float, z: float, counted: bool = False) -> Interval:
    """``inner``: the value, or one near it that is neither 0 nor 1; so many rows have the deviation at it. Shares that
    are counted get a correction of half a row, without which 10 rows near 0 or 1 cover 80 % instead of 95 %."""
    at_inner = max(inner * (1 - inner), 0.0)  # rounding may leave a share of 1 + 2e-16
    rows = at_inner / deviation**2 if deviation > 0 and at_inner > 0 else max(support, 1.0)
    half_row = 1 / (2 * rows) if counted else 0.0
    low = _wilson_bound(max(value - half_row, 0.0), rows, -z)
    high = _wilson_bound(min(value + half_row, 1.0), rows, z)
    return max(0.0, min(value, low)), min(1.0, max(value, high))


def _wilson_bound(value: float, rows: float, z: float) -> float:
    variance = max(value * (1 - value), 0.0)
    spread = z * math.sqrt(variance / rows + z * z / (4 * rows * rows))
    return (value + z * z / (2 * rows) + spread) / (1 + z * z / rows)


def _student(z: float, degrees: float) -> float:
    """Student's quantile from the normal one, by Cornish's and Fisher's expansion: within 0.5 % from 4 degrees on."""
    first = (z**3 + z) / (4 * degrees)
    second = (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)
    return z + first + second + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * degrees**3)


def _logarithmic(value: float, deviation: float, z: float) -> Interval:
    if value <= 0:
        return 0.0, 0.0
    factor = math.exp(min(z * deviation / value, 50.0))  # 50: a very wide interval still fits into JSON
    return value / factor, value * factor
