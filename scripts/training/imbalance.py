"""Remedies for rare classes in training: more weight for their rows, or a random sample of rows.

A sample is a weight as well: a row that was drawn three times has the weight 3, and one that was not drawn 0.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


def class_weights(counts: npt.NDArray[np.int64]) -> Floats:
    """Inverse frequency: all classes have the same total weight, and the mean weight of a row is 1."""
    weights: Floats = (counts.sum() / (np.count_nonzero(counts) * np.maximum(counts, 1))).astype(np.float32)
    return weights


def product(one: Floats | None, other: Floats | None) -> Floats | None:
    return other if one is None else one if other is None else one * other


def row_weights(labels: Floats, counts: npt.NDArray[np.int64], remedy: str, seed: int) -> Floats | None:
    """For the rows of the train side; None: all count the same."""
    if remedy == "none" or not len(counts):
        return None
    if remedy == "weights":
        return class_weights(counts)[labels.astype(np.int64)]
    random = np.random.default_rng(seed)
    weights = np.ones(len(labels), np.float32)
    size = counts.max() if remedy == "oversample" else counts[counts > 0].min()
    for number in np.flatnonzero(counts):
        rows = np.flatnonzero(labels == number)
        if remedy == "oversample":
            weights[rows] += np.bincount(random.integers(0, len(rows), size - len(rows)), minlength=len(rows))
        else:
            weights[random.permutation(rows)[size:]] = 0
    return weights
