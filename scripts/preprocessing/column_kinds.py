"""What a column holds, by its sample: how its cells are read, or why it is left out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import raw_columns
from cells import Cells
from failures import MOST_QUOTED, SettingNeeded, quote
from preprocessing import date_orders, number_formats
from preprocessing.missing_values import MissingTexts
from preprocessing.number_formats import Decimals, Fit

MAX_WRONG = 0.01  # share of cells in a numeric column that may be no numbers: their rows are rejected
MOST_NUMBERS = 0.9  # of such a share of numbers, a person would say that the column is numeric
FEW_TEXTS, MANY_NUMBERS = 5, 20  # or if half are numbers, of many values, and the others are one of few texts
IDENTIFIER_SHARE = 0.9  # a text column with more distinct values identifies rows
MIN_VALUES = 20  # with fewer, identifiers are not detected
BOOLEANS = (("no", "yes"), ("n", "y"), ("f", "t"), ("off", "on"), ("nein", "ja"), ("non", "oui"))  # false and true
MOST_SPELLINGS = 8
OTHER_TIMES = "it holds dates or times: derive numbers from them to use it, or write them as 2024-01-31 10:15"
COUNTER = "it counts the rows"
CODES = "codes with leading zeros (data.numeric takes them as numbers)"
DATE = (
    r"^([0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.]([0-9]{4}|[0-9]{2}))"
    r"([ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?([ap]m|Z|[+-][0-9]{2}:?[0-9]{2})?)?$"
)


@dataclass(frozen=True)
class Reading:
    """How a column is read, with a note for people; without cells it is left out, and the note is the reason."""

    cells: Cells | None
    note: str = ""


def infer(name: str, pieces: Sequence[pa.Array], missing: MissingTexts, decimals: Decimals, dates: str) -> Reading:
    types = [piece.type for piece in pieces if not pa.types.is_null(piece.type)]
    if types and all(is_number(kind) for kind in types):
        cells = missing.cells("numeric")
        return _number_or_counter(raw_columns.from_arrow(pieces[0], cells)[0], cells)
    if types and all(pa.types.is_boolean(kind) for kind in types):
        return Reading(missing.cells("boolean"))
    if types and all(pa.types.is_date(kind) or pa.types.is_timestamp(kind) for kind in types):
        return Reading(missing.time_cells())
    if any(pa.types.is_temporal(kind) for kind in types):
        return Reading(None, OTHER_TIMES)
    if any(is_unusable(kind) for kind in types):
        return Reading(None, f"its type is {next(kind for kind in types if is_unusable(kind))}")
    return _infer_text(name, texts_of(pieces, missing), missing, decimals, dates)


def texts_of(pieces: Sequence[pa.Array], missing: MissingTexts) -> pa.Array:
    """The present values, as texts of categories."""
    cells = missing.cells("categorical")
    return pa.concat_arrays([raw_columns.from_arrow(piece, cells)[0] for piece in pieces]).drop_null()


def _are_codes(texts: pa.Array) -> bool:
    """Digits only, of which some begin with a zero: 0123 is not 123."""
    if not pc.all(pc.match_substring_regex(texts[:1000], "^[0-9]+$")).as_py():
        return False
    codes = pc.mean(pc.match_substring_regex(texts, "^0[0-9]+$").cast(pa.int8())).as_py() > MAX_WRONG
    return codes and bool(pc.all(pc.match_substring_regex(texts, "^[0-9]+$")).as_py())


def _words(texts: pa.Array) -> tuple[str, ...]:
    """The words for false and true in their most frequent spelling, if the texts are those and no others."""
    if len(texts[:1000].unique()) > MOST_SPELLINGS:
        return ()
    counts = sorted(texts.value_counts().to_pylist(), key=lambda one: (-one["counts"], one["values"]))
    spellings: dict[str, str] = {}
    for one in counts[: MOST_SPELLINGS + 1]:
        spellings.setdefault(one["values"].lower(), one["values"])
    pair = next((pair for pair in BOOLEANS if len(counts) <= MOST_SPELLINGS and set(pair) == set(spellings)), ())
    return tuple(spellings[word] for word in pair)


def as_numbers(texts: pa.Array, cells: Cells) -> Reading:
    numbers, wrong = raw_columns.from_text(texts, cells)
    written = number_formats.note(cells.number)
    if not wrong.any():
        return _number_or_counter(numbers, cells, written)
    some = texts[int(wrong.argmax())].as_py()
    rejected = f'some cells are no numbers, such as "{quote(some)}": their rows are rejected'
    return Reading(cells, "; ".join(filter(None, (written, rejected))))


def is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def family(kind: pa.DataType) -> str:
    """Types that may differ between files."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_null(kind) or pa.types.is_boolean(kind):
        return str(kind)
    if is_number(kind):
        return "number"
    if pa.types.is_temporal(kind):
        return "time"
    return "text" if raw_columns.is_text(kind) else "other"


def is_unreadable(kind: pa.DataType) -> bool:
    """Also such times as have no date."""
    return is_unusable(kind) or (
        pa.types.is_temporal(kind) and not pa.types.is_date(kind) and not pa.types.is_timestamp(kind)
    )


def is_unusable(kind: pa.DataType) -> bool:
    return family(kind) == "other"


def _infer_text(name: str, texts: pa.Array, missing: MissingTexts, decimals: Decimals, dates: str) -> Reading:
    present = raw_columns.without(pc.utf8_trim_whitespace(texts), missing.cells("numeric").missing).drop_null()
    if not len(present):
        return Reading(None, "it has no values in the sampled rows")
    fit = number_formats.find(name, present, decimals)
    if fit.share >= 1 - MAX_WRONG:
        number_formats.check_units(name, present, fit.format)
        numbers = as_numbers(texts, missing.cells("numeric", fit.format))
        return infer_category(texts, missing, CODES) if numbers.cells and _are_codes(present) else numbers
    words = _words(present)
    boolean = missing.cells("boolean", words=words)
    if not raw_columns.from_text(present, boolean)[1].any():
        return Reading(boolean, " and ".join(words))
    if pc.mean(pc.match_substring_regex(present, DATE).cast(pa.int8())).as_py() >= 1 - MAX_WRONG:
        return _as_times(name, texts, present, missing, dates)
    note = _check_mixture(name, present, fit, missing)
    return infer_category(texts, missing, note)


def _as_times(name: str, texts: pa.Array, present: pa.Array, missing: MissingTexts, setting: str) -> Reading:
    order = date_orders.find(name, present, setting)
    if order is None:
        return Reading(None, OTHER_TIMES)
    cells = missing.time_cells(order)
    wrong = raw_columns.from_text(texts, cells)[1]
    some = quote(texts[int(wrong.argmax())].as_py())
    rejected = f'some cells are no dates, such as "{some}": their rows are rejected' if wrong.any() else ""
    return Reading(cells, "; ".join(filter(None, (order, rejected))))


def infer_category(texts: pa.Array, missing: MissingTexts, note: str) -> Reading:
    distinct = pc.count_distinct(texts).as_py()
    if len(texts) >= MIN_VALUES and distinct > IDENTIFIER_SHARE * len(texts):
        differ = "nearly every value differs, as in a name or an identifier"
        return Reading(None, f"{note}, and {differ}" if note else differ)
    return Reading(missing.cells("categorical"), note)


def _number_or_counter(numbers: pa.Array, cells: Cells, note: str = "") -> Reading:
    """Row numbers carry no information."""
    steps = np.diff(numbers.to_numpy(zero_copy_only=False)[:1000])
    if len(steps) >= MIN_VALUES and (steps == 1).all():
        return Reading(None, COUNTER)
    return Reading(cells, note)


def _check_mixture(name: str, present: pa.Array, fit: Fit, missing: MissingTexts) -> str:
    """Numbers with a few texts among them are no categories: a person has to say what the texts mean."""
    share = fit.share
    others = present.filter(pa.array(~fit.where)).value_counts()
    shown = sorted(others.to_pylist(), key=lambda one: (-one["counts"], one["values"]))[:FEW_TEXTS]
    texts = [one["values"] for one in shown]
    few = share >= 0.5 and len(others) <= FEW_TEXTS
    many_numbers = pc.count_distinct(present.filter(pa.array(fit.where))).as_py() > MANY_NUMBERS
    if many_numbers and (few or share >= MOST_NUMBERS):
        quoted, setting = ", ".join(f'"{quote(text)}"' for text in texts), missing.setting_with([*map(quote, texts)])
        raise SettingNeeded(
            f'column "{name}" holds numbers, but {1 - share:.1%} of its sampled cells are texts such as {quoted}: '
            f'if they mean "no value", set data.missing = {setting}; otherwise name the column '
            "in data.categorical or data.ignore",
            {"data.missing": texts} if may_be_missing(texts, len(others)) else {"data.ignore": [name]},
        )
    return f'numbers and texts such as "{quote(texts[0])}"' if share >= 0.5 else ""


def may_be_missing(texts: Sequence[str], distinct: int) -> bool:
    """Whether the texts of a column of numbers are so few, and such that data.missing can hold them."""
    return distinct <= FEW_TEXTS and not any(
        re.match(r"-[^\d.]", text) or len(text) > MOST_QUOTED or not text.isprintable() for text in texts
    )
