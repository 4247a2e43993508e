"""statistics.json and constraints.json of the training rows, in the layout of SageMaker Model Monitor's data quality.

Monitoring compares live traffic with them, so they describe the columns of a request as sent: numbers as numbers,
categories (also rare ones) and booleans as texts. The target, which no request has, is only in the statistics.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from preprocessing.splitting import mix

SKETCH_SIZE = 2048  # rows in the sketch at most
BUCKETS = 10
MAX_TEXT_BUCKETS = 1000  # the most frequent texts of a column
MAX_DOMAIN = 100  # a column with more texts has no domain constraint
MONITORING = {
    "evaluate_constraints": "Enabled",
    "emit_metrics": "Enabled",
    "datatype_check_threshold": 1.0,
    "domain_content_threshold": 0.95,  # new categories are expected and served as "other": up to 5 % pass
    "distribution_constraints": {
        "perform_comparison": "Enabled",
        "comparison_threshold": 0.1,
        "comparison_method": "Robust",
        "categorical_comparison_threshold": 0.1,
        "categorical_drift_method": "LInfinity",
    },
}
Floats = npt.NDArray[np.float64]


@dataclass
class NumberTally:
    """Count, mean and variance of a numeric column, mergeable block by block."""

    present: int = 0
    missing: int = 0
    mean: float = 0.0
    squares: float = 0.0  # the sum of squared distances from the mean
    low: float = math.inf
    high: float = -math.inf
    integral: bool = True

    @property
    def constant(self) -> bool:
        return self.low >= self.high

    @classmethod
    def of(cls, values: Floats) -> NumberTally:
        values_present = values[~np.isnan(values)]
        if not len(values_present):
            return cls(missing=len(values))
        mean = float(values_present.mean())
        squares = float(np.square(values_present - mean).sum())
        integral = bool((values_present == np.rint(values_present)).all())
        missing = len(values) - len(values_present)
        return cls(
            len(values_present),
            missing,
            mean,
            squares,
            float(values_present.min()),
            float(values_present.max()),
            integral,
        )

    def merge(self, other: NumberTally) -> None:
        self.missing += other.missing
        if not other.present:
            return
        present = self.present + other.present
        distance = other.mean - self.mean
        self.squares += other.squares + distance**2 * self.present * other.present / present
        self.mean += distance * other.present / present
        self.present = present
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)
        self.integral = self.integral and other.integral


@dataclass
class RowSample:
    """A uniform sample of the training rows, selected by row number only: level L keeps one row in 2^L."""

    level: int = 0
    seen: int = 0
    rows: Floats | None = None
    ranks: npt.NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))

    def add(self, columns: list[npt.NDArray[np.float32]]) -> None:
        count = len(columns[0]) if columns else 0
        ranks = mix(np.arange(self.seen, self.seen + count, dtype=np.uint64))
        self.seen += count
        chosen = np.flatnonzero(self._keeps(ranks))
        rows = np.stack([column[chosen].astype(np.float64) for column in columns], axis=1) if columns else None
        self.rows = rows if self.rows is None else np.concatenate([self.rows, rows])
        self.ranks = np.concatenate([self.ranks, ranks[chosen]])
        while self.rows is not None and len(self.rows) > SKETCH_SIZE:
            self.level += 1
            kept = self._keeps(self.ranks)
            self.rows, self.ranks = self.rows[kept], self.ranks[kept]

    def _keeps(self, ranks: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
        kept: npt.NDArray[np.bool_] = (ranks & np.uint64((1 << self.level) - 1)) == 0
        return kept

    def values(self, position: int) -> list[float]:
        """The sorted values of a column in the sample."""
        values = self.rows[:, position] if self.rows is not None else np.zeros(0)
        values_present: list[float] = np.sort(values[~np.isnan(values)]).tolist()
        return values_present

    def sketch(self, position: int) -> dict[str, Any]:
        """Model Monitor's KLL layout: compactor i holds values that stand for 2^i rows each."""
        data: list[list[float]] = [[] for _ in range(self.level)]
        data.append(self.values(position))
        return {"parameters": {"c": 0.64, "k": float(SKETCH_SIZE)}, "data": data}


@dataclass(frozen=True)
class Buckets:
    """Ten buckets of equal width, with exact counts: they are counted when the range is known."""

    low: float
    high: float
    counts: npt.NDArray[np.int64]

    @classmethod
    def between(cls, low: float, high: float) -> Buckets:
        return cls(low, high, np.zeros(BUCKETS if high > low else 1, np.int64))

    def add(self, values: npt.NDArray[np.float32]) -> None:
        values_present = values[~np.isnan(values)].astype(np.float64)
        scale = len(self.counts) / (self.high - self.low) if self.high > self.low else 0.0
        places = np.clip((values_present - self.low) * scale, 0, len(self.counts) - 1).astype(np.int64)
        self.counts[:] += np.bincount(places, minlength=len(self.counts))

    def content(self) -> list[dict[str, float]]:
        edges = np.linspace(self.low, self.high, len(self.counts) + 1).tolist()
        pairs = zip(edges, edges[1:], self.counts.tolist(), strict=False)
        return [{"lower_bound": low, "upper_bound": high, "count": float(count)} for low, high, count in pairs]


def number_statistics(name: str, tally: NumberTally, buckets: Buckets | None, sketch: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {"common": {"num_present": tally.present, "num_missing": tally.missing}}
    if tally.present and buckets is not None:
        content |= {
            "mean": tally.mean,
            "sum": tally.mean * tally.present,
            "std_dev": math.sqrt(tally.squares / tally.present),
            "min": tally.low,
            "max": tally.high,
            "distribution": {"kll": {"buckets": buckets.content(), "sketch": sketch}},
        }
    inferred = ("Integral" if tally.integral else "Fractional") if tally.present else "Unknown"
    return {"name": name, "inferred_type": inferred, "numerical_statistics": content}


def text_statistics(name: str, rows: int, texts: dict[str, int]) -> dict[str, Any]:
    present = sum(texts.values())
    frequent = sorted(texts.items(), key=lambda item: (-item[1], item[0]))[:MAX_TEXT_BUCKETS]
    content = {
        "common": {"num_present": present, "num_missing": rows - present},
        "distinct_count": float(len(texts)),
        "distribution": {"categorical": {"buckets": [{"value": text, "count": count} for text, count in frequent]}},
    }
    return {"name": name, "inferred_type": "String" if present else "Unknown", "string_statistics": content}


def constraint(statistics: dict[str, Any]) -> dict[str, Any]:
    numbers = statistics.get("numerical_statistics")
    content = numbers or statistics["string_statistics"]
    present, missing = content["common"]["num_present"], content["common"]["num_missing"]
    found: dict[str, Any] = {
        "name": statistics["name"],
        "inferred_type": statistics["inferred_type"],
        "completeness": present / (present + missing) if present else 0.0,
    }
    if numbers:
        found["num_constraints"] = {"is_non_negative": numbers.get("min", 0.0) >= 0}
    elif content["distinct_count"] <= MAX_DOMAIN:
        buckets = content["distribution"]["categorical"]["buckets"]
        found["string_constraints"] = {"domains": sorted(bucket["value"] for bucket in buckets)}
    return found | {"monitoringConfigOverrides": {}}


def statistics_file(rows: int, columns: list[dict[str, Any]]) -> dict[str, Any]:
    return {"version": 0.0, "dataset": {"item_count": rows}, "features": columns}


def constraints_file(columns: list[dict[str, Any]]) -> dict[str, Any]:
    return {"version": 0.0, "features": [constraint(one) for one in columns], "monitoring_config": MONITORING}
