"""The probability from which on a row is called positive: by F-beta, the least precision or the costs of errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.threshold_rule import Rule

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Candidates:
    """The thresholds that give different labels, the highest first, each with what it calls positive."""

    thresholds: Floats
    hits: Numbers  # rows called positive that are
    called: Numbers
    positives: float

    def best(self, scores: Numbers) -> float:
        """Among equals the highest threshold, with the fewest positives.

        It is one of the float32 probabilities, so comparing in float32 or float64 gives the same labels.
        """
        return float(self.thresholds[np.argmax(scores)])


def choose(rule: Rule, probabilities: Floats, labels: Floats, weights: Floats | None = None) -> float:
    if rule.fixed is not None:
        return rule.fixed
    found = candidates(probabilities, labels, weights)
    if rule.beta is not None:
        weight = rule.beta * rule.beta
        return found.best((1 + weight) * found.hits / (found.called + weight * found.positives))
    if rule.costs is not None:
        false_positives, false_negatives = found.called - found.hits, found.positives - found.hits
        costs = rule.costs[0] * false_positives + rule.costs[1] * false_negatives
        if rule.costs[1] * found.positives < costs.min():  # calling nothing positive costs less than any line
            return float(np.nextafter(found.thresholds[0], np.float32(2)))
        return found.best(-costs)
    return _with_precision(rule.least_precision or 0, found)


def candidates(probabilities: Floats, labels: Floats, weights: Floats | None = None) -> Candidates:
    order = np.argsort(-probabilities, kind="stable")
    counts = np.ones(len(labels)) if weights is None else weights[order].astype(np.float64)
    ranked, hits, called = probabilities[order], np.cumsum(labels[order] * counts), np.cumsum(counts)
    last_of_equals = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    return Candidates(ranked[last_of_equals], hits[last_of_equals], called[last_of_equals], float(hits[-1]))


def _with_precision(least: float, found: Candidates) -> float:
    """Of the thresholds that reach it the one with the most recall; else the most precise."""
    precision = found.hits / found.called
    if (precision >= least).any():
        return found.best(np.where(precision >= least, found.hits, -1))
    best = precision.max()
    print(f"warning: no threshold reaches a precision of {least:g} on validation: {best:.2f} at best", flush=True)
    return found.best(precision)
