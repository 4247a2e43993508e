"""The table of all input columns, for people: ``details["columns"]`` of features.json.

What the model uses is described by its training rows, how many numbers differ by a sample of those. A column that is
left out is described by what was read first, without its values, as it may hold names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from preprocessing.columns import IS_KEY
from preprocessing.first_pass import FirstPass
from preprocessing.parts import TRAIN
from preprocessing.samples import share

MOST_LEVELS = 5


def rows(first_pass: FirstPass, ignored: Mapping[str, str]) -> list[dict[str, Any]]:
    """In the file's order."""
    notes, sampled = first_pass.plan.choice.notes, first_pass.plan.sampled
    return [
        {"name": name, "taken_as": _taken_as(name, first_pass, ignored)}
        | (sampled[name] if name in sampled else _of_training_rows(name, first_pass, name in ignored))
        | {"note": notes.get(name, ""), "why": ignored.get(name, "")}
        for name in first_pass.plan.header
    ]


def _taken_as(name: str, first_pass: FirstPass, ignored: Mapping[str, str]) -> str:
    if name in ignored:
        return "key" if ignored[name] == IS_KEY else "left out"
    return "target" if name == first_pass.plan.target else first_pass.plan.cells[name].kind


def _most_frequent(texts: Mapping[str, int]) -> list[str]:
    return sorted(texts, key=lambda text: (-texts[text], text))[:MOST_LEVELS]


def _of_training_rows(name: str, first_pass: FirstPass, left_out: bool) -> dict[str, Any]:
    total = first_pass.sides[TRAIN]
    if name in first_pass.texts:
        known = first_pass.texts[name].known
        row = {"missing": share(total - sum(known.values()), total), "distinct": len(known)}
        return row if left_out else row | {"levels": _most_frequent(known)}
    tally = first_pass.tallies[name]
    numeric = first_pass.plan.encoded[name] == "numeric"
    extent = {"range": [tally.low, tally.high]} if tally.present and numeric else {}
    distinct = len(set(first_pass.sample.values(list(first_pass.tallies).index(name))))
    return {"missing": share(tally.missing, tally.missing + tally.present)} | extent | {"distinct": distinct}
