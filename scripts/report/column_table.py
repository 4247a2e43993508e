"""The table of all input columns: what each is taken as, and why some are left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from features import Features
from report.markup import Html, join, table, tag
from report.wording import count, number, percent, plural, shortened

LEFT_OUT, NO_FEATURE = "left out", ("left out", "key", "target", "input", "event time", "weight", "facet")
MAX_ROWS = 200
LONGEST_LEVEL = 24
NO_PICTURES: Mapping[str, Html] = {}


def columns_of(features: Features) -> list[dict[str, Any]]:
    """Of a model of before the table was recorded: what features.json has."""
    if "columns" in features.details:
        columns: list[dict[str, Any]] = features.details["columns"]
        return columns
    used = [{"name": one.name, "taken_as": one.kind} for one in features.columns]
    return used + [{"taken_as": LEFT_OUT, **one} for one in features.details.get("ignored", ())]


def used_columns(features: Features) -> str:
    """Of those that could be used: all but the target."""
    columns = columns_of(features)
    used = sum(one["taken_as"] not in NO_FEATURE for one in columns)
    return f"{used} of {sum(one['taken_as'] != 'target' for one in columns)}"


def column_section(features: Features) -> Html:
    columns = columns_of(features)
    left_out = sum(one["taken_as"] in (LEFT_OUT, "key", "facet") for one in columns)
    reasons = f"; {plural(left_out, 'column')} {'is' if left_out == 1 else 'are'} left out" if left_out else ""
    hidden = len(columns) - MAX_ROWS
    rest = f" The other {count(hidden)} are in features.json." if hidden > 0 else ""
    words = f"The model learns from {used_columns(features)} columns{reasons}.{rest}"
    return join(tag("h2", "Column by column"), tag("p", words), tag("div", column_table(columns), class_="card"))


def column_table(columns: list[dict[str, Any]], pictures: Mapping[str, Html] = NO_PICTURES) -> Html:
    """Those that are left out first."""
    ordered = sorted(columns, key=lambda one: one["taken_as"] != LEFT_OUT)[:MAX_ROWS]
    head = ["Column", "Taken as", "Missing", "Values", "Different", *(["Distribution"] if pictures else [])]
    return table(head, [_row(one, pictures) for one in ordered], "columns")


def _row(one: dict[str, Any], pictures: Mapping[str, Html]) -> Html:
    notes = "; ".join(filter(None, (one.get("note", ""), one.get("why", ""))))
    badge = "badge bad" if one["taken_as"] == LEFT_OUT else "badge"
    missing, distinct = one.get("missing"), one.get("distinct")
    picture = [tag("td", pictures.get(one["name"], "–"))] if pictures else []
    return tag(
        "tr",
        tag("th", shortened(one["name"], 80), tag("small", notes) if notes else join(), scope="row"),
        tag("td", tag("span", one["taken_as"], class_=badge)),
        tag("td", "–" if missing is None else percent(missing), class_="number"),
        tag("td", values(one)),
        tag("td", "–" if distinct is None else count(distinct), class_="number"),
        *picture,
    )


def values(one: dict[str, Any]) -> str:
    """The range of numbers, or the most frequent levels."""
    if "range" in one:
        low, high = one["range"]
        return f"{_short(low)} to {_short(high)}"
    levels = one.get("levels")
    if not levels:
        return "–"
    more = ", …" if one["distinct"] > len(levels) else ""
    return ", ".join(shortened(level, LONGEST_LEVEL) for level in levels) + more


def _short(value: float | str) -> str:
    if isinstance(value, str):  # a time
        return value
    if value != int(value) or abs(value) >= 1e8:
        return number(value)
    return f"{value:.0f}" if abs(value) < 10_000 else count(int(value))  # a year has no comma
