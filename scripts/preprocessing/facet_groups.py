"""``details["facets"]`` of features.json: how the groups of data.facets differ in the training rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from facets import MOST_GROUPS, count_labels, differences, imbalances
from failures import SettingNeeded
from features import Target
from preprocessing.first_pass import FirstPass
from preprocessing.parts import TRAIN
from preprocessing.spill_files import SpillFiles


def compare(names: Sequence[str], first_pass: FirstPass, target: Target, spill: SpillFiles) -> list[dict[str, Any]]:
    """The groups of each facet, the largest first."""
    return [group for name in names for group in _groups(name, first_pass, target, spill)]


def _groups(name: str, first_pass: FirstPass, target: Target, spill: SpillFiles) -> list[dict[str, Any]]:
    texts = first_pass.texts[name]
    known = sorted(texts.known, key=lambda text: (-texts.known[text], text))
    if len(known) > MOST_GROUPS:
        raise SettingNeeded(
            f'data.facets names "{name}", which has {len(known):,} different values, and at most {MOST_GROUPS} groups '
            "are compared: add a column with groups to the data, such as of ages",
            {"data.ignore": [name]},
        )
    places = {text: place for place, text in enumerate(known)}
    of_group = np.array([places.get(text, -1) for text in texts.numbers] + [-1])  # the last is for missing values
    of_label = _labels(first_pass, target)
    counts = np.zeros((len(known) + 1, max(len(target.classes), 1)), np.int64)
    for batch in spill.read(TRAIN):
        labels = of_label[batch[target.name]] if target.classes else np.zeros(len(batch[name]))
        counts += count_labels(of_group[batch[name]], labels, (len(known), counts.shape[1]))
    rows = counts.sum(axis=1).tolist()
    values = zip(known, rows, imbalances(counts), differences(counts, target.classes), strict=False)
    return [{"facet": name, "group": text, "rows": n, "CI": ci, "DPL": dpl} for text, n, ci, dpl in values]


def _labels(first_pass: FirstPass, target: Target) -> np.ndarray:  # type: ignore[type-arg]
    places = {text: place for place, text in enumerate(target.classes)}
    texts = first_pass.texts[target.name].numbers if target.classes else ()
    return np.array([places.get(text, -1) for text in texts])
