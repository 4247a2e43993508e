"""Metrics of predicted values (regression). The baseline is the best constant: the mean of the test
side, or its median for the absolute error."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from evaluation.estimates import Estimate, Numbers, spread
from evaluation.outcomes import Outcome
from evaluation.score_metrics import mean_loss


def errors(outcome: Outcome) -> Numbers:
    """Predicted minus true."""
    difference: Numbers = outcome.predicted.astype(np.float64) - outcome.target
    return difference


def mae(outcome: Outcome) -> Estimate | None:
    target = outcome.target
    return mean_loss(np.abs(errors(outcome)), baseline=float(np.mean(np.abs(target - np.median(target)))))


def mse(outcome: Outcome) -> Estimate:
    return mean_loss(np.square(errors(outcome)), baseline=float(np.var(outcome.target)))


def rmse(outcome: Outcome) -> Estimate | None:
    square = mse(outcome)
    value = math.sqrt(square.value)
    slope = 1 / (2 * value) if value else 0.0
    influences = square.influences
    return replace(
        square,
        value=value,
        standard_deviation=square.standard_deviation * slope,
        baseline=math.sqrt(square.baseline or 0.0),
        influences=influences and (lambda: influences() * slope),
    )


def r2(outcome: Outcome) -> Estimate | None:
    """The share of the target's variance that is explained; None where the target does not vary."""
    variance = float(np.var(outcome.target))
    if variance == 0:
        return None
    ratio = mse(outcome).value / variance
    from_mean = np.square(outcome.target - outcome.target.mean())
    influence = (np.square(errors(outcome)) - ratio * from_mean) / variance
    return Estimate(1 - ratio, spread(influence), len(outcome), "r2", baseline=0.0, influences=lambda: -influence)
