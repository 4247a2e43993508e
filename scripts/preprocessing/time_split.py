"""The split by time: training has the past, validation the stretch after it, and test the last one.

A pass before the others counts the rows of every time, so memory does not grow with the rows: of more than a million
different times, neighbours are counted together. The cuts do not depend on the order of rows or files, and rows of one
time share a side.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from failures import UserError
from preprocessing.splitting import SIDES

MOST_BINS = 1 << 20
SIGN = np.int64(0x7FFFFFFFFFFFFFFF)
Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class TimeSplit:
    column: str
    validation_from: int  # positions, see below
    test_from: int
    is_number: bool
    key: tuple[str, ...] = ()  # equal keys may be on several sides

    def sides(self, columns: dict[str, pa.Array]) -> npt.NDArray[np.int8]:
        found = positions(columns[self.column])
        sides = np.zeros(len(found), np.int8)
        sides[found >= self.validation_from] = SIDES.index("validation")
        sides[found >= self.test_from] = SIDES.index("test")
        return sides

    def describe(self, _key: Sequence[str]) -> dict[str, object]:
        cuts = {"validation_from": self.validation_from, "test_from": self.test_from}
        texts = {name: _text(position, self.is_number) for name, position in cuts.items()}
        return {"column": self.column, **texts}


@dataclass
class Timeline:
    """How many rows there are at which position."""

    shift: int = 0  # of the positions, to the bins
    bins: Positions = field(default_factory=lambda: np.zeros(0, np.int64))
    rows: Positions = field(default_factory=lambda: np.zeros(0, np.int64))

    def add(self, found: Positions) -> None:
        self._merge(np.append(self.bins, found >> self.shift), np.append(self.rows, np.ones(len(found), np.int64)))
        while len(self.bins) > MOST_BINS:
            self.shift += 1
            self._merge(self.bins >> 1, self.rows)

    def _merge(self, bins: Positions, rows: Positions) -> None:
        self.bins, places = np.unique(bins, return_inverse=True)
        self.rows = np.bincount(places, rows, len(self.bins)).astype(np.int64)

    def cut(self, column: str, validation_fraction: float, test_fraction: float, is_number: bool) -> TimeSplit:
        if len(self.bins) < len(SIDES):
            raise UserError(
                f'data.event_time "{column}" has {len(self.bins)} different times, and a split by time needs one for '
                "each of the three sides at least: set data.split to key"
            )
        last = np.cumsum(self.rows[::-1]) / self.rows.sum()  # the share of the rows of so many last bins and one
        test = min(_nearest(last, test_fraction), len(last) - 3)
        validation = min(max(_nearest(last, test_fraction + validation_fraction), test + 1), len(last) - 2)
        starts = self.bins[::-1] << self.shift
        return TimeSplit(column, int(starts[validation]), int(starts[test]), is_number)


def positions(values: pa.Array) -> Positions:
    """Whole numbers in the order of the times, or of the numbers; missing is anything."""
    if not pa.types.is_floating(values.type):
        micros: Positions = pc.fill_null(values.cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
        return micros
    bits = (pc.fill_null(values, 0.0).to_numpy(zero_copy_only=False) + 0.0).view(np.int64)  # + 0.0: -0.0 is 0.0
    found: Positions = bits ^ ((bits >> 63) & SIGN)
    return found


def no_time(values: pa.Array) -> npt.NDArray[np.bool_]:
    has = pc.fill_null(pc.is_finite(values), False) if pa.types.is_floating(values.type) else pc.is_valid(values)
    return ~np.asarray(has)


def timeline(pieces: Iterator[pa.Array]) -> tuple[Timeline, bool]:
    """And whether the times are numbers."""
    counted, is_number = Timeline(), False
    for values in pieces:
        is_number = pa.types.is_floating(values.type)
        counted.add(positions(values)[~no_time(values)])
    return counted, is_number


def _nearest(shares: npt.NDArray[np.float64], share: float) -> int:
    return int(np.abs(shares - share).argmin())


def _text(position: int, is_number: bool) -> str:
    if not is_number:
        return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=position):%Y-%m-%d %H:%M:%S}"
    bits = np.int64(position)
    return f"{float((bits ^ ((bits >> 63) & SIGN)).view(np.float64)):.15g}"
