"""The table of all input columns, for people: ``details["columns"]`` of features.json.

What the model uses is described by its training rows, how many numbers differ by a sample of those. A column that is
left out is described by what was read first, without its values, as it may hold names.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from own_columns import FILE
from preprocessing.columns import IS_KEY
from preprocessing.first_pass import FirstPass
from preprocessing.parts import TRAIN
from preprocessing.row_parser import Plan
from preprocessing.samples import share

MOST_LEVELS = 5


def rows(first_pass: FirstPass, reasons: Mapping[str, str], inputs: Collection[str]) -> list[dict[str, Any]]:
    """In the file's order, then the computed ones. ``reasons``: why a column is no feature; ``inputs``: those of them
    from which others are computed."""
    plan = first_pass.plan
    looks = plan.choice.private.looks
    notes = plan.choice.notes | dict.fromkeys(plan.own.kinds, f"computed by {FILE}")
    return [
        {"name": name, "taken_as": _taken_as(name, plan, reasons, inputs)}
        | (plan.sampled[name] if name in plan.sampled else _of_training_rows(name, first_pass, name in reasons))
        | {"note": notes.get(name, ""), "why": reasons.get(name, "")}
        | ({"looks_like": looks[name]} if name in looks else {})
        for name in (*plan.header, *plan.own.kinds)
    ]


def _taken_as(name: str, plan: Plan, reasons: Mapping[str, str], inputs: Collection[str]) -> str:
    if name not in reasons:
        return "target" if name == plan.target else {**plan.choice.kinds, **plan.own.kinds}[name]
    roles = dict.fromkeys(plan.choice.facets, "facet") | {plan.weight: "weight", plan.event_time: "event time"}
    roles |= dict.fromkeys(inputs, "input")
    return roles.get(name) or ("key" if reasons[name] == IS_KEY else "left out")


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
    levels = {"levels": _words(name, first_pass)} if tally.present and not numeric and not left_out else {}
    return {"missing": share(tally.missing, tally.missing + tally.present)} | extent | levels | {"distinct": distinct}


def _words(name: str, first_pass: FirstPass) -> list[str]:
    """Of a boolean, the more frequent one first."""
    tally, cells = first_pass.tallies[name], first_pass.plan.choice.cells.get(name)
    false, true = (cells and cells.words) or ("false", "true")
    words = [true, false] if tally.mean > 0.5 else [false, true]
    return words[:1] if tally.constant else words
