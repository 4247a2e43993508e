"""How the cells of a column are read: preprocess finds it out, features.json keeps it, serving does the same."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

import dates
from number_format import PLAIN, NumberFormat
from private_data import Protection

REFUSALS = {"numeric": "is not a number", "boolean": "is neither true nor false", "categorical": "is not text"}


def missing_texts(kind: str, everywhere: tuple[str, ...], among_numbers: tuple[str, ...]) -> tuple[str, ...]:
    """Fewer in categories, where "none" or "-" may be one."""
    return everywhere if kind == "categorical" else everywhere + among_numbers


@dataclass(frozen=True)
class Cells:
    kind: str  # numeric, boolean, categorical or time
    missing: tuple[str, ...] = ("",)  # texts that mean "no value"
    number: NumberFormat = PLAIN  # of numeric ones
    words: tuple[str, ...] = ()  # of boolean ones: those for false and true, if they are others
    protection: Protection | None = None  # of private categories
    date_order: str = ""  # of times: day-first or month-first, where they are written so

    @property
    def refusal(self) -> str:
        """The end of a sentence about a cell that cannot be read."""
        if self.number != PLAIN:
            return f"is not a number as in {self.number.example}"
        if self.kind == "time":
            return f"is not a date or time such as {dates.EXAMPLES[self.date_order]}"
        return 'is neither "{}" nor "{}"'.format(*self.words) if self.words else REFUSALS[self.kind]

    @cached_property
    def plain(self) -> bool:
        return self.kind != "time" and self.number == PLAIN and not self.words and not self.protection

    def protect(self, texts: pa.Array) -> pa.Array:
        return self.protection.apply(texts) if self.protection else texts
