"""The balance between the groups of a facet, by the metrics of SageMaker Clarify.

Each group d is compared with all other rows a, those without a value among them:

    CI  = (n_a - n_d) / (n_a + n_d)   class imbalance: near 1 for a group of few rows, negative for more than half
    DPL = q_a - q_d                   difference in the shares of a label; of predicted labels it is called DPPL

A regression has no labels, so there DPL and DPPL are not defined.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

MOST_GROUPS = 50
DECIMALS = 6
Counts = npt.NDArray[np.int64]


def count_labels(groups: npt.NDArray[Any], labels: npt.NDArray[Any], shape: tuple[int, int]) -> Counts:
    """The rows of each group (the last is for missing values) and label."""
    cells = np.where(groups < 0, shape[0], groups).astype(np.int64) * shape[1] + labels.astype(np.int64)
    return np.bincount(cells, minlength=(shape[0] + 1) * shape[1]).reshape(shape[0] + 1, shape[1]).astype(np.int64)


def imbalances(counts: Counts) -> list[float | None]:
    """CI of each group; none without rows on both sides."""
    rows, total = counts.sum(axis=1)[:-1].tolist(), int(counts.sum())
    return [round((total - 2 * mine) / total, DECIMALS) if 0 < mine < total else None for mine in rows]


def differences(counts: Counts, classes: Sequence[str]) -> list[dict[str, float]]:
    """DPL of each group, by label: of two classes the positive one, of more all of them."""
    labels = list(enumerate(classes))[1 if len(classes) == 2 else 0 :]
    rows, total, of_labels = counts.sum(axis=1), int(counts.sum()), counts.sum(axis=0)
    found = []
    for group, mine in enumerate(rows[:-1].tolist()):
        others = total - mine
        shares = {
            name: (of_labels[at] - counts[group, at]) / others - counts[group, at] / mine
            for at, name in labels
            if 0 < mine < total
        }
        found.append({name: round(float(share), DECIMALS) for name, share in shares.items()})
    return found
