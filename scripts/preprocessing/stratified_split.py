"""The stratified split: by the hash of the key as ever, but with cuts of each class's own, so that it has its share on
every side, however few its rows are.

A pass before the others counts the hashes of each class.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from preprocessing.levels import label
from preprocessing.splitting import SIDES, Hashes, Split, row_hashes

BITS = 13  # of a hash that are counted: a class of n rows is cut within n / 8192 of its share
REST = np.uint64(64 - BITS)
Cuts = tuple[np.uint64, np.uint64]


@dataclass(frozen=True)
class StratifiedSplit:
    by_key: Split
    target: str
    cuts: Mapping[str, Cuts]  # of each label: below the first is test, below the second validation

    @property
    def key(self) -> tuple[str, ...]:
        return self.by_key.key

    def sides(self, columns: dict[str, pa.Array]) -> npt.NDArray[np.int8]:
        return self._assign(row_hashes({name: columns[name] for name in self.key}), columns)

    def _assign(self, rows: Hashes, columns: dict[str, pa.Array]) -> npt.NDArray[np.int8]:
        sides, labels = self.by_key.sides_of(rows), labels_of(columns[self.target])
        for text, (test, validation) in self.cuts.items():
            of_class = labels == text
            places = rows[of_class] >> REST
            later = np.where(places < validation, SIDES.index("validation"), SIDES.index("train"))
            sides[of_class] = np.where(places < test, SIDES.index("test"), later)
        return sides

    def doubtful(self, columns: dict[str, pa.Array]) -> dict[int, set[int]]:
        """Of the hashes whose side depends on the class: few, as the cuts of classes are near each other."""
        rows = row_hashes({name: columns[name] for name in self.key})
        places, near = rows >> REST, np.zeros(len(rows), bool)
        for cuts in zip(*self.cuts.values(), strict=True):
            near |= (places >= min(cuts)) & (places < max(cuts))
        found: dict[int, set[int]] = {}
        for row, side in zip(rows[near].tolist(), self.sides(columns)[near].tolist(), strict=True):
            found.setdefault(row, set()).add(side)
        return found

    def describe(self, key: Sequence[str]) -> dict[str, object]:
        return self.by_key.describe(key)


def labels_of(values: pa.Array) -> npt.NDArray[np.object_]:
    coded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    texts = np.array([*map(label, coded.dictionary.to_pylist()), None], object)
    labels: npt.NDArray[np.object_] = texts[coded.indices.fill_null(len(texts) - 1).to_numpy(zero_copy_only=False)]
    return labels


def cut(split: Split, target: str, pieces: Iterator[dict[str, pa.Array]]) -> StratifiedSplit:
    counts: dict[str, npt.NDArray[np.int64]] = {}
    for columns in pieces:
        rows = row_hashes({name: columns[name] for name in split.key})
        labels = labels_of(columns[target])
        for text in set(labels) - {None}:
            places = (rows[labels == text] >> REST).astype(np.int64)
            counts[text] = counts.get(text, 0) + np.bincount(places, minlength=1 << BITS)
    fractions = split.test_fraction, split.test_fraction + split.validation_fraction
    return StratifiedSplit(split, target, {text: _cuts(of_class, fractions) for text, of_class in counts.items()})


def _cuts(rows: npt.NDArray[np.int64], fractions: tuple[float, float]) -> Cuts:
    below = np.append(0, np.cumsum(rows)) / rows.sum()
    test, validation = (np.uint64(np.abs(below - fraction).argmin()) for fraction in fractions)
    return test, validation
