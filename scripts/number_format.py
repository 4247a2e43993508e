"""How numbers are written: 1,234.5 or 1.234,5, 1 234,5, 1'234.5, 94.8%, $5, 5 EUR, (5) for -5.

A thousands separator stands before exactly three digits, so a text that fits a format has one meaning in it. A percent
sign or a currency is dropped: 94.8% is 94.8.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

SPACES, APOSTROPHES, MINUS = "[\u00a0\u2009\u202f]", "\u2019", "\u2212"  # as typesetters write them


@dataclass(frozen=True)
class NumberFormat:
    decimal: str = "."
    thousands: str = ""
    units: tuple[str, ...] = ()  # before or after the number, or left out

    @cached_property
    def pattern(self) -> str:
        point, separator = re.escape(self.decimal), re.escape(self.thousands)
        groups = f"[1-9][0-9]{{0,2}}(?:{separator}[0-9]{{3}})+|" if self.thousands else ""
        groups += "[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}|" if self.thousands == "," else ""  # 12,34,567 in India
        number = f"(?:(?:{groups}[0-9]+)(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]+)?"
        unit = f"(?: ?(?:{'|'.join(map(re.escape, self.units))}) ?)?" if self.units else ""
        first = "-?" if self.thousands == " " else "[+-]?"  # +49 123 456 is a telephone
        sign = "[+-]?" if unit else ""
        return f"^(?:{first}{unit}{sign}{number}{unit}|\\({unit}{number}{unit}\\))$"

    @property
    def example(self) -> str:
        return f"1{self.thousands}234{self.decimal}5"

    def matches(self, texts: pa.Array) -> pa.Array:
        return pc.match_substring_regex(texts, self.pattern)

    def parse(self, texts: pa.Array) -> pa.Array:
        """Null where a text does not fit; the texts as ``normalize`` returns them."""
        texts = pc.if_else(self.matches(texts), texts, pa.scalar(None, pa.string()))
        plain = pc.replace_substring_regex(texts, r"^\((.*)\)$", r"-\1")
        for mark in (*self.units, self.thousands, " "):
            plain = pc.replace_substring(plain, mark, "") if mark else plain
        return pc.replace_substring(plain, self.decimal, ".").cast(pa.float64())

    def text(self, number: float) -> str:
        """Exactly this number, without thousands separators and units: 3 also for 3.0."""
        whole = isinstance(number, int) or (number.is_integer() and abs(number) < 2**63)
        return str(int(number)) if whole else repr(number).replace(".", self.decimal)


PLAIN = NumberFormat()


def normalize(texts: pa.Array) -> pa.Array:
    """Without spaces around, and with one spelling of spaces, apostrophes and minus signs inside."""
    texts = pc.utf8_trim_whitespace(texts)
    if pc.all(pc.string_is_ascii(texts), min_count=0).as_py():
        return texts
    texts = pc.replace_substring_regex(texts, SPACES, " ")
    return pc.replace_substring(pc.replace_substring(texts, APOSTROPHES, "'"), MINUS, "-")
