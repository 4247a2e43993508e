"""Two remedies for rare classes: weights of rows in training, or another threshold afterwards."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


def class_weights(counts: npt.NDArray[np.int64]) -> Floats:
    """Inverse frequency: all classes have the same total weight, and the mean weight of a row is 1."""
    weights: Floats = (counts.sum() / (np.count_nonzero(counts) * np.maximum(counts, 1))).astype(np.float32)
    return weights


def best_f1_threshold(probabilities: Floats, labels: Floats) -> float:
    """The threshold with the best F1; among equals the highest, with the fewest positives.

    It is one of the float32 probabilities, so comparing in float32 or float64 gives the same labels.
    """
    order = np.argsort(-probabilities, kind="stable")
    ranked, hits = probabilities[order], np.cumsum(labels[order].astype(np.int64))
    last_of_equals = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    called_positive = last_of_equals + 1
    f1 = 2 * hits[last_of_equals] / (called_positive + hits[-1])
    return float(ranked[last_of_equals[np.argmax(f1)]])
