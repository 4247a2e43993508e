"""Splits CSV text into rows: a line break inside quotes ends no row, and a quote inside an unquoted field is text.

An unclosed quote would swallow all rows up to the next quote. So a row of several lines is accepted only if its quotes
close at the end of a field and it has the expected number of fields. Otherwise its first line becomes a row of its own,
a stray one, and the following lines are scanned again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

QUOTE, LINE_FEED, CARRIAGE_RETURN = b'"\n\r'
Positions = npt.NDArray[np.int64]
Places = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Rows:
    """The rows of a block, without blank lines."""

    block: bytes
    starts: Positions
    ends: Positions
    stray: Places  # rows with a quote that is not closed properly
    breaks: Positions  # after every line break, also inside quotes

    def text(self, row: int) -> str:
        return self.block[self.starts[row] : self.ends[row]].decode(errors="replace").rstrip("\r\n")

    def line(self, row: int) -> int:
        return int(np.searchsorted(self.breaks, self.starts[row], side="right")) + 1


def split_rows(block: bytes, delimiter: str, width: int = 0) -> Rows:
    """All rows; ``width`` is the number of fields that a row of several lines must have to be accepted."""
    ranges = list(_row_ranges(block, delimiter, width))
    starts, ends, stray = (np.concatenate(parts) for parts in zip(*ranges, strict=True)) if ranges else (_NONE,) * 3
    first = np.frombuffer(block, np.uint8)[starts]
    blank = ((first == LINE_FEED) | (first == CARRIAGE_RETURN)) & (ends - starts <= 2)
    return Rows(block, starts[~blank], ends[~blank], stray[~blank].astype(bool), line_breaks(block))


def has_stray(block: bytes, delimiter: str) -> bool:
    """Whether a parser would swallow rows because of an unclosed quote."""
    return b'"' in block and bool(_Scan(block, delimiter).strays(0).any())


def leaves_quote_open(block: bytes, delimiter: str) -> bool:
    return b'"' in block and _Scan(block, delimiter).open_at_end


def last_row_end(block: bytes, delimiter: str) -> int:
    """Where the last complete row of a block ends; 0 if there is none."""
    if b'"' not in block and b"\r" not in block:
        return block.rfind(b"\n") + 1
    ends = _Scan(block, delimiter).row_breaks
    if block.endswith(b"\r") and len(ends) and ends[-1] == len(block):
        ends = ends[:-1]  # the next block may begin with the line feed that belongs to it
    return int(ends[-1]) if len(ends) else 0


def count_lines(block: bytes) -> int:
    return len(line_breaks(block)) if b"\r" in block else block.count(b"\n")


def first_line_end(block: bytes) -> int:
    breaks = line_breaks(block)
    return int(breaks[0]) if len(breaks) else len(block)


def line_breaks(block: bytes) -> Positions:
    """The positions after every LF, CR LF and CR."""
    data = np.frombuffer(block, np.uint8)
    if b"\r" not in block:
        return np.flatnonzero(data == LINE_FEED) + 1
    lone = data == CARRIAGE_RETURN
    lone[:-1] &= data[1:] != LINE_FEED
    return np.flatnonzero((data == LINE_FEED) | lone) + 1


@dataclass(frozen=True)
class _Scan:
    block: bytes
    delimiter: str

    @cached_property
    def data(self) -> npt.NDArray[np.uint8]:
        return np.frombuffer(self.block, np.uint8)

    @cached_property
    def breaks(self) -> Positions:
        return line_breaks(self.block)

    @cached_property
    def quotes(self) -> Positions:
        """Quotes that open and close fields, alternately. A doubled quote inside a field closes and reopens it."""
        quotes = np.flatnonzero(self.data == QUOTE)
        opening = quotes[::2]
        doubled = np.zeros(len(opening), bool)
        doubled[1:] = opening[1:] - quotes[1::2][: len(opening) - 1] == 1
        begins = self.is_edge[self.data[np.maximum(opening - 1, 0)]] | (opening == 0)
        return quotes if (begins | doubled).all() else self._scan_quotes()

    @cached_property
    def is_edge(self) -> Places:
        """For each byte value, whether it delimits fields."""
        edges = np.zeros(256, bool)
        edges[[LINE_FEED, CARRIAGE_RETURN, ord(self.delimiter)]] = True
        return edges

    @property
    def open_at_end(self) -> bool:
        return len(self.quotes) % 2 == 1

    @cached_property
    def row_breaks(self) -> Positions:
        outside: Places = np.searchsorted(self.quotes, self.breaks) % 2 == 0
        return self.breaks[outside]

    @cached_property
    def ends(self) -> Positions:
        size, ends = len(self.block), self.row_breaks
        return ends if not size or (len(ends) and ends[-1] == size) else np.append(ends, size)

    @cached_property
    def starts(self) -> Positions:
        return np.concatenate([[0], self.ends[:-1]])[: len(self.ends)].astype(np.int64)

    def strays(self, width: int) -> Places:
        """Which rows are stray; empty if none is."""
        bad_quotes = self._close_inside_a_field()
        if not (width or len(bad_quotes) or self.open_at_end):
            return np.zeros(0, bool)
        inside = np.searchsorted(self.breaks, self.ends) - np.searchsorted(self.breaks, self.starts, side="right")
        stray = np.zeros(len(self.ends), bool)
        stray[np.searchsorted(self.ends, bad_quotes, side="right")] = True
        for row in np.flatnonzero((inside > 0) & ~stray) if width else ():
            stray[row] = self._width(self.starts[row], self.ends[row]) != width
        stray &= inside > 0
        stray[-1] |= self.open_at_end
        return stray

    def _close_inside_a_field(self) -> Positions:
        closing = self.quotes[1::2]
        closing = closing[closing + 1 < len(self.block)]
        after = self.data[closing + 1]
        wrong: Places = ~(self.is_edge[after] | (after == QUOTE))
        return closing[wrong]

    def _width(self, start: int, end: int) -> int:
        between = np.flatnonzero(self.data[start:end] == ord(self.delimiter)) + start
        return 1 + int((np.searchsorted(self.quotes, between) % 2 == 0).sum())

    def _scan_quotes(self) -> Positions:
        """Slow and exact, for text with quotes inside unquoted fields."""
        field = re.compile(rb"(?<![^\n\r" + re.escape(self.delimiter.encode()) + rb'])"[^"]*(?:""[^"]*)*("|\Z)')
        edges = [edge for match in field.finditer(self.block) for edge in (match.start(), match.start(1))]
        return np.array([edge for edge in edges if edge < len(self.block)], np.int64)  # the last may be open


_NONE = np.zeros(0, np.int64)
_Range = tuple[Positions, Positions, Places]  # starts, ends, whether stray


def _row_ranges(block: bytes, delimiter: str, width: int) -> Iterator[_Range]:
    """The rows in order; the lines after the first line of a stray row are scanned again."""
    pending: list[_Range | tuple[int, int]] = [(0, len(block))]
    while pending:
        item = pending.pop()
        if len(item) == 3:
            yield item
        else:
            pending += reversed(list(_scan(block, item[0], item[1], delimiter, width)))


def _scan(block: bytes, low: int, high: int, delimiter: str, width: int) -> Iterator[_Range | tuple[int, int]]:
    scan = _Scan(block[low:high], delimiter)
    starts, ends = scan.starts + low, scan.ends + low
    strays = np.flatnonzero(scan.strays(width)).tolist() if b'"' in scan.block else []
    done = 0
    for row in strays:
        yield starts[done:row], ends[done:row], np.zeros(row - done, bool)
        start, end = int(starts[row]), int(ends[row])
        line_end = start + first_line_end(block[start:end])
        yield np.array([start]), np.array([line_end]), np.ones(1, bool)
        if line_end < end:
            yield line_end, end
        done = row + 1
    yield starts[done:], ends[done:], np.zeros(len(ends) - done, bool)
