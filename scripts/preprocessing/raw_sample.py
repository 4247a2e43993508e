"""The raw rows of sample.csv, of which requests are made: test rows spread evenly over the data, then rows of any side
that hold what those may lack: a text, a missing value, the lowest and highest number of each column, each class.

Memory is bounded, and the choice does not depend on how the input is cut into blocks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Positions = npt.NDArray[np.int64]
Aspect = tuple[str, str | int]  # a column, and LOWEST, HIGHEST, MISSING or the number of a text
LOWEST, HIGHEST, MISSING = "lowest", "highest", -1
SPREAD_ROWS, COVERED_ASPECTS = 400, 600
CELLS = 400_000  # of the sample, where the data is wide
TEXTS = 50  # of a column, in order of appearance


class Extreme(NamedTuple):
    rank: float  # the lower, the more extreme
    position: int


class Entry(NamedTuple):
    part: int
    position: int
    row: list[object]


@dataclass(frozen=True)
class Landmarks:
    """Of a block: the positions of rows that a sample should have."""

    extremes: dict[Aspect, Extreme]
    first: dict[str, Positions]  # of a text column: of each text, last of a missing one; -1 is nowhere
    test: Positions

    @classmethod
    def of(
        cls,
        floats: Mapping[str, npt.NDArray[np.float32]],
        codes: Mapping[str, npt.NDArray[np.int32]],
        texts: Mapping[str, list[str]],
        usable: npt.NDArray[np.bool_],
        test: Positions,
    ) -> Landmarks:
        rows = np.flatnonzero(usable)
        extremes: dict[Aspect, Extreme] = {}
        for name, values in floats.items():
            extremes |= _extremes(name, values[rows], rows)
        return cls(extremes, {name: _first(codes[name][rows], rows, len(texts[name])) for name in codes}, test)


@dataclass
class RawSample:
    names: list[str]  # of the columns of a row
    parts: int = 0
    stride: int = 1
    test_rows: int = 0
    spread: list[tuple[int, Entry]] = field(default_factory=list)  # with the number of the test row
    covered: dict[Aspect, Entry] = field(default_factory=dict)
    ranks: dict[Aspect, float] = field(default_factory=dict)

    def add(
        self, marks: Landmarks, numbers: Mapping[str, npt.NDArray[np.int32]], columns: Mapping[str, pa.Array]
    ) -> None:
        """``numbers``: of each text column, the numbers of the block's texts in all of the data, and MISSING."""
        spread, covered = self._spread(marks.test), self._covered(marks, numbers)
        positions = sorted({*spread.values(), *covered.values()})
        taken = [columns[name].take(pa.array(positions, pa.int64())).to_pylist() for name in self.names]
        entries = {at: Entry(self.parts, at, [column[n] for column in taken]) for n, at in enumerate(positions)}
        self.spread += [(number, entries[at]) for number, at in spread.items()]
        self.covered |= {aspect: entries[at] for aspect, at in covered.items()}
        self.parts += 1

    def rows(self) -> list[list[object]]:
        spread = [entry for _, entry in self.spread]
        places = {entry[:2] for entry in spread}
        others = {entry[:2]: entry for entry in self.covered.values() if entry[:2] not in places}
        return [entry.row for entry in (*spread, *(others[place] for place in sorted(others)))]

    def _limit(self, rows: int) -> int:
        return max(min(rows, CELLS // max(len(self.names), 1) * rows // (SPREAD_ROWS + COVERED_ASPECTS)), 20)

    def _spread(self, test: Positions) -> dict[int, int]:
        """One test row of each stride: its number and its position."""
        before, self.test_rows = self.test_rows, self.test_rows + len(test)
        while self.test_rows > self.stride * self._limit(SPREAD_ROWS):
            self.stride *= 2
        self.spread = [(number, entry) for number, entry in self.spread if number % self.stride == 0]
        first = -before % self.stride
        return {before + at: int(test[at]) for at in range(first, len(test), self.stride)}

    def _covered(self, marks: Landmarks, numbers: Mapping[str, npt.NDArray[np.int32]]) -> dict[Aspect, int]:
        better = {aspect: one for aspect, one in marks.extremes.items() if one.rank < self.ranks.get(aspect, np.inf)}
        places = {aspect: one.position for aspect, one in better.items()}
        for name, first in marks.first.items():
            for at in np.flatnonzero((numbers[name] < TEXTS) & (first >= 0)):
                text: Aspect = (name, int(numbers[name][at]))
                if text not in self.covered:
                    places[text] = int(first[at])
        room = self._limit(COVERED_ASPECTS) - len(self.covered)
        new = sorted((at, str(aspect), aspect) for aspect, at in places.items() if aspect not in self.covered)
        for _, _, aspect in new[max(room, 0) :]:
            del places[aspect]
        self.ranks |= {aspect: better[aspect].rank for aspect in places if aspect in better}
        return places


def _extremes(name: str, values: npt.NDArray[np.float32], rows: Positions) -> dict[Aspect, Extreme]:
    gaps = np.isnan(values)
    found: dict[Aspect, Extreme] = {(name, MISSING): Extreme(0, int(rows[gaps.argmax()]))} if gaps.any() else {}
    if not gaps.all():
        low, high = int(np.nanargmin(values)), int(np.nanargmax(values))
        found[name, LOWEST] = Extreme(float(values[low]), int(rows[low]))
        found[name, HIGHEST] = Extreme(-float(values[high]), int(rows[high]))
    return found


def _first(codes: npt.NDArray[np.int32], rows: Positions, texts: int) -> Positions:
    """The first row of each text; a code of -1 is missing, and last."""
    first = np.full(texts + 1, -1, np.int64)
    first[codes[::-1]] = rows[::-1]
    return first
