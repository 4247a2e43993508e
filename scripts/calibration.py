"""Corrects probabilities that are off: a slope for all classes and an offset for each, on the logarithmic scale.

Of two classes that is Platt's sigmoid, which keeps the order of rows. Rows that were weighted or drawn in training
shift the offsets; trees that are too sure of themselves need a slope below 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.float64]
SMALLEST = 1e-7  # a probability of 0 or 1 has no logarithm to scale
FIT_ROWS = 200_000
ITERATIONS = 50


@dataclass(frozen=True)
class Calibration:
    slope: float
    offsets: tuple[float, ...]  # of each class; the first is 0

    def apply(self, probabilities: Floats) -> Floats:
        """One column per class; of each row alone."""
        corrected: Floats = _softmax(_logarithms(probabilities), self._parameters).astype(np.float32)
        return corrected

    @property
    def _parameters(self) -> Numbers:
        return np.array([self.slope, *self.offsets[1:]])

    def as_json(self) -> dict[str, Any]:
        return {"slope": self.slope, "offsets": list(self.offsets)}


@dataclass(frozen=True)
class Rows:
    """What the parameters are fitted to."""

    logarithms: Numbers  # of the probabilities
    classes: npt.NDArray[np.int64]
    counts: Numbers


def of_metadata(metadata: Mapping[str, Any]) -> Calibration | None:
    found = metadata.get("calibration")
    return Calibration(float(found["slope"]), tuple(map(float, found["offsets"]))) if found else None


def fit(probabilities: Floats, labels: Floats, weights: Floats | None = None) -> Calibration | None:
    """None where they are not measurably off: chance alone would improve the likelihood as much in 1 of 1,000 cases."""
    step = -(-len(labels) // FIT_ROWS)
    rows = Rows(_logarithms(probabilities[::step]), labels[::step].astype(np.int64), _counts(labels, weights)[::step])
    identity = np.zeros(probabilities.shape[1])
    identity[0] = 1  # the slope; then the offsets of all classes but the first
    fitted = _newton(rows, identity)
    gain = 2 * (_likelihood(rows, fitted) - _likelihood(rows, identity))
    if gain <= _chance(len(identity)) or fitted[0] <= 0:
        return None
    return Calibration(float(fitted[0]), (0.0, *map(float, fitted[1:])))


def log_loss(probabilities: Floats, labels: Floats, weights: Floats | None = None) -> float:
    of_truth = _logarithms(probabilities)[np.arange(len(labels)), labels.astype(np.int64)]
    return -float(np.average(of_truth, weights=_counts(labels, weights)))


def _counts(labels: Floats, weights: Floats | None) -> Numbers:
    """How much each row counts: on average 1."""
    return np.ones(len(labels)) if weights is None else weights / weights.mean(dtype=np.float64)


def _newton(rows: Rows, start: Numbers) -> Numbers:
    """The most likely parameters; a little doubt keeps those of classes without rows where they are."""
    parameters, best = start, _likelihood(rows, start)
    for _ in range(ITERATIONS):
        gradient, hessian = _derivatives(rows, parameters)
        doubt = 1e-3 * np.eye(len(start))
        step = np.linalg.solve(hessian + doubt, gradient - 1e-3 * (parameters - start))
        size = 1.0
        while (now := _likelihood(rows, parameters + size * step)) < best and size > 1e-4:
            size /= 2
        if now <= best + 1e-9 * abs(best):
            return parameters
        parameters, best = parameters + size * step, now
    return parameters


def _derivatives(rows: Rows, parameters: Numbers) -> tuple[Numbers, Numbers]:
    """Of the likelihood: its gradient, and its curvature with the sign changed."""
    logarithms, counts = rows.logarithms, rows.counts[:, None]
    shares = _softmax(logarithms, parameters)
    missing = -shares
    missing[np.arange(len(shares)), rows.classes] += 1
    missing *= counts
    weighted = shares * logarithms
    mean = weighted.sum(axis=1, keepdims=True)
    size = len(parameters)
    gradient, hessian = np.empty(size), np.empty((size, size))
    gradient[0], gradient[1:] = float((missing * logarithms).sum()), missing.sum(axis=0)[1:]
    hessian[0, 0] = float((counts * weighted * logarithms).sum() - (counts * np.square(mean)).sum())
    hessian[0, 1:] = hessian[1:, 0] = (counts * (weighted - shares * mean)).sum(axis=0)[1:]
    counted = counts * shares
    hessian[1:, 1:] = (np.diag(counted.sum(axis=0)) - counted.T @ shares)[1:, 1:]
    return gradient, hessian


def _likelihood(rows: Rows, parameters: Numbers) -> float:
    shares = _softmax(rows.logarithms, parameters)[np.arange(len(rows.classes)), rows.classes]
    return float(rows.counts @ np.log(np.maximum(shares, SMALLEST)))


def _softmax(logarithms: Numbers, parameters: Numbers) -> Numbers:
    scores = parameters[0] * logarithms
    scores[:, 1:] += parameters[1:]
    scores -= scores.max(axis=1, keepdims=True)
    shares: Numbers = np.exp(scores)
    shares /= shares.sum(axis=1, keepdims=True)
    return shares


def _logarithms(probabilities: Floats) -> Numbers:
    logarithms: Numbers = np.log(np.clip(probabilities.astype(np.float64), SMALLEST, 1))
    return logarithms


def _chance(parameters: int) -> float:
    """The 99.9th percentile of chi-squared, by Wilson's and Hilferty's approximation."""
    spread = 2 / (9 * parameters)
    return float(parameters * (1 - spread + 3.0902 * spread**0.5) ** 3)
