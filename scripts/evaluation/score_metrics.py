"""Metrics of predicted probabilities: ranking (AUC, PR-AUC) and calibration (log loss, Brier)."""

from __future__ import annotations

import math

import numpy as np

from evaluation.estimates import Estimate, Influences, Numbers, spread
from evaluation.outcomes import Counts, Outcome, Ranking

SMALLEST = float(np.finfo(np.float32).eps)  # lower bound for the log loss: the precision of the model's float32


def auc(ranking: Ranking) -> Estimate | None:
    """The probability that a positive row scores above a negative one, ties counting half; deviation by DeLong."""
    if not ranking.has_both_classes:
        return None
    positives, negatives = ranking.total_positives, ranking.total_negatives
    beaten = (negatives - np.cumsum(ranking.negatives) + ranking.negatives / 2) / negatives
    beaten_by = (np.cumsum(ranking.positives) - ranking.positives / 2) / positives
    value = float(beaten @ ranking.positives) / positives
    variance = _variance_of_mean(beaten, ranking.positives) + _variance_of_mean(beaten_by, ranking.negatives)
    influences = _of_rows(
        ranking, (beaten - value) * len(ranking) / positives, (beaten_by - value) * len(ranking) / negatives
    )
    return Estimate(
        value,
        math.sqrt(variance),
        min(positives, negatives),
        baseline=0.5,
        influences=influences,
        assumed=lambda value: _exponential_variance(value, positives, negatives),
    )


def _exponential_variance(value: float, positives: int, negatives: int) -> float:
    """Of an AUC where the scores of both classes are exponential: Hanley's and McNeil's formula."""
    above, below = value / (2 - value), 2 * value * value / (1 + value)
    square = value * value
    pairs = value - square + (positives - 1) * (above - square) + (negatives - 1) * (below - square)
    return pairs / (positives * negatives)


def average_precision(ranking: Ranking) -> Estimate | None:
    """The area under the precision-recall curve: the precision at each positive row's score, averaged over them."""
    if not ranking.has_both_classes:
        return None
    total = ranking.total_positives + ranking.total_negatives
    rate = ranking.total_positives / total
    called = np.cumsum(ranking.positives + ranking.negatives)
    precision = np.cumsum(ranking.positives) / called
    value = float(precision @ ranking.positives) / ranking.total_positives

    step = ranking.positives / called  # a row moves the precision at its own score and at every lower one
    below_if_positive = _reverse_cumsum(step * (1 - precision))
    below_if_negative = _reverse_cumsum(step * -precision)
    influence_positive = (precision + below_if_positive - value) / rate
    influence_negative = below_if_negative / rate
    deviation = spread(
        np.concatenate((influence_positive, influence_negative)),
        np.concatenate((ranking.positives, ranking.negatives)),
    )
    influences = _of_rows(ranking, influence_positive, influence_negative)
    return Estimate(
        value,
        deviation,
        ranking.total_positives,
        baseline=rate,
        influences=influences,
        assumed=lambda value: value * (1 - value) / ranking.total_positives,  # if each precision were 0 or 1
        uncertain_deviation=True,
    )


def log_loss(outcome: Outcome) -> Estimate | None:
    truth = outcome.probabilities[np.arange(len(outcome)), outcome.target].astype(np.float64)
    losses = -np.log(np.clip(truth, SMALLEST, 1 - SMALLEST))
    shares = np.bincount(outcome.target) / len(outcome)
    entropy = -float(np.sum(shares * np.log(np.where(shares > 0, shares, 1))))
    return mean_loss(losses, baseline=entropy)


def brier(outcome: Outcome) -> Estimate | None:
    """Binary: the mean squared distance of the positive class's probability from what happened (0 or 1)."""
    rate = float(np.mean(outcome.target))
    losses = np.square(outcome.probabilities[:, 1].astype(np.float64) - outcome.target)
    return mean_loss(losses, baseline=rate * (1 - rate))


def mean_loss(losses: Numbers, baseline: float) -> Estimate:
    value = float(losses.mean())
    return Estimate(value, spread(losses - value), len(losses), "loss", baseline, influences=lambda: losses - value)


def _of_rows(ranking: Ranking, positive: Numbers, negative: Numbers) -> Influences:
    """From the influence of a positive and of a negative row in each group."""
    return lambda: np.where(ranking.positive, positive[ranking.groups], negative[ranking.groups])


def _variance_of_mean(values: Numbers, rows: Counts) -> float:
    count = float(rows.sum())
    mean = float(values @ rows) / count
    return float(np.square(values - mean) @ rows) / count / max(count - 1, 1)


def _reverse_cumsum(values: Numbers) -> Numbers:
    sums: Numbers = np.cumsum(values[::-1])[::-1]
    return sums
