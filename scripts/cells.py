"""How the cells of a column are read: preprocess finds it out, features.json keeps it, serving does the same."""

from __future__ import annotations

from dataclasses import dataclass

from number_format import PLAIN, NumberFormat


@dataclass(frozen=True)
class Cells:
    kind: str  # numeric, boolean or categorical
    missing: tuple[str, ...] = ("",)  # texts that mean "no value"
    number: NumberFormat = PLAIN  # of numeric ones
    words: tuple[str, ...] = ()  # of boolean ones: those for false and true, if they are others

    @property
    def plain(self) -> bool:
        return self.number == PLAIN and not self.words
