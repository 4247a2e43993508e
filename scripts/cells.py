"""How the cells of a column are read: preprocess finds it out, features.json keeps it, serving does the same."""

from __future__ import annotations

from dataclasses import dataclass

from number_format import PLAIN, NumberFormat


@dataclass(frozen=True)
class Cells:
    kind: str  # numeric, boolean or categorical
    missing: tuple[str, ...] = ("",)  # texts that mean "no value"
    number: NumberFormat = PLAIN  # of numeric ones
