"""In which format the numbers of a column are written: what all its texts fit.

A text such as 1,234 fits two formats. Then the other texts of the column decide, then data.decimal, then the other
columns; what nothing decides is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from failures import SettingNeeded, quote
from number_format import PLAIN, NumberFormat, normalize

THOUSANDS = {".": ("", ",", " ", "'"), ",": ("", ".", " ", "'")}  # by the decimal mark; the simplest first
NO_UNIT = r"[0-9.,'\s()+-]"
CODES = "AUD|BRL|CAD|CHF|CNY|CZK|DKK|EUR|GBP|HKD|HUF|INR|JPY|KRW|MXN|NOK|NZD|PLN|RON|RUB|SEK|SGD|TRY|USD|ZAR"
UNIT = rf"^(?:%|\p{{Sc}}|[A-Z]{{1,3}}\p{{Sc}}|kr\.?|zł|Kč|Ft|Fr\.|{CODES})$"
MOST_UNITS = 4
ZERO = r"^\s*[+-]?0+([.,]0*)?\s*$"  # in any unit
NUMBER_BEGINS = r"^[^0-9]{0,5}[0-9]"
MIN_SHARE = 0.99  # of the texts fit, or they are no numbers


@dataclass(frozen=True)
class Fit:
    format: NumberFormat
    where: np.ndarray  # type: ignore[type-arg]  # of the texts

    @property
    def share(self) -> float:
        return float(self.where.mean())


@dataclass
class Decimals:
    """The decimal mark of texts that could be read in two ways: of the setting, else of the other columns."""

    setting: str  # auto, . or ,
    columns: Iterable[pa.Array] = field(default_factory=tuple)

    @cached_property
    def known(self) -> str:
        if self.setting != "auto":
            return self.setting
        marks = {mark for texts in self.columns if (mark := _decided(texts))}
        return marks.pop() if len(marks) == 1 else ""


def find(name: str, texts: pa.Array, decimals: Decimals) -> Fit:
    """The format that most of the texts fit, which are without missing ones."""
    texts = normalize(texts)
    plain = Fit(PLAIN, PLAIN.matches(texts).to_numpy(zero_copy_only=False))
    if (plain.share == 1 and not _may_have_thousands(texts)) or not _begin_as_numbers(texts):
        return plain
    dot, comma = _fits(texts)
    if dot.share != comma.share:
        return max(dot, comma, key=lambda fit: fit.share)
    if dot.share < MIN_SHARE or not _with_marks(texts.filter(pa.array(dot.where))):
        return dot
    if decimals.known:
        return dot if decimals.known == "." else comma
    return plain if plain.share == dot.share else _ask(name, texts, dot, comma)


def check_units(name: str, texts: pa.Array, number: NumberFormat) -> None:
    """A mixture of units may mean different numbers."""
    kinds = [pc.match_substring(texts, unit) for unit in number.units]
    if number.units == ("%",):
        kinds.append(pc.invert(pc.or_(kinds[0], pc.match_substring_regex(texts, ZERO))))
    shares = [pc.mean(kind.cast(pa.int8())).as_py() for kind in kinds]
    if len(kinds) > 1 and min(shares) > 1 - MIN_SHARE:
        one, other = (texts.filter(kind)[0] for kind in kinds[:2])
        raise SettingNeeded(
            f'column "{name}" holds both "{quote(one)}" and "{quote(other)}": write all of them in one unit, '
            "or name it in data.numeric to take the numbers without units, or in data.ignore",
            {"data.ignore": [name]},
        )


def note(number: NumberFormat) -> str:
    """For people."""
    marks = {",": "decimal comma"}.get(number.decimal, "")
    shown = {"": "", " ": "spaces between thousands"}.get(number.thousands, f"thousands as in 1{number.thousands}234")
    return ", ".join(filter(None, (marks, shown, " ".join(number.units))))


def _fits(texts: pa.Array) -> tuple[Fit, Fit]:
    units = _units(texts)
    return _best(texts, ".", units), _best(texts, ",", units)


def _best(texts: pa.Array, decimal: str, units: tuple[str, ...]) -> Fit:
    formats = [NumberFormat(decimal, thousands, units) for thousands in THOUSANDS[decimal]]
    fits = [Fit(one, one.matches(texts).to_numpy(zero_copy_only=False)) for one in formats]
    return max(fits, key=lambda fit: fit.share)  # the first of equal ones


def _begin_as_numbers(texts: pa.Array) -> bool:
    return bool(pc.mean(pc.match_substring_regex(texts, NUMBER_BEGINS).cast(pa.int8())).as_py() >= 0.5)


def _units(texts: pa.Array) -> tuple[str, ...]:
    """The percent sign or the currencies beside the numbers."""
    rest = pc.replace_substring_regex(texts.filter(pc.match_substring_regex(texts, NUMBER_BEGINS)), NO_UNIT, "")
    counts = rest.value_counts()
    units = counts.filter(pc.match_substring_regex(counts.field("values"), UNIT)).to_pylist()
    frequent = sorted(units, key=lambda one: (-one["counts"], one["values"]))[:MOST_UNITS]
    return tuple(one["values"] for one in frequent)


def _with_marks(texts: pa.Array) -> bool:
    return bool(pc.any(pc.match_substring_regex(texts, "[.,]"), min_count=0).as_py())


def _may_have_thousands(texts: pa.Array) -> bool:
    """Whether the dots of plain numbers could be thousands separators: one such as 3.5 says that they are not."""
    dotted = NumberFormat(",", ".")
    return _with_marks(texts) and all(pc.all(dotted.matches(some), min_count=0).as_py() for some in (texts[:50], texts))


def _decided(texts: pa.Array) -> str:
    if not len(texts):
        return ""
    dot, comma = _fits(normalize(texts))
    if max(dot.share, comma.share) < MIN_SHARE or dot.share == comma.share:
        return ""
    return max(dot, comma, key=lambda fit: fit.share).format.decimal


def _ask(name: str, texts: pa.Array, dot: Fit, comma: Fit) -> Fit:
    marked = texts.filter(pc.match_substring_regex(texts, "[.,]"))
    fitting = marked.filter(dot.format.matches(marked))
    one = fitting[0:1]
    readings = f"{quote(_read(dot, one))} or {quote(_read(comma, one))}"
    raise SettingNeeded(
        f'column "{name}" holds numbers such as "{quote(one[0])}", which could be {readings}: '
        'set data.decimal to "." or ","',
        {"data.decimal": "."},
    )


def _read(fit: Fit, text: pa.Array) -> str:
    return PLAIN.text(fit.format.parse(text)[0].as_py())
