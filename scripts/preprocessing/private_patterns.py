"""Columns that look private, by patterns in a sample of their cells: mail addresses, phones, cards, national numbers.

A pattern is a regular expression and, where there is one, a check of the digits; names of people have none. Digits
alone are a phone number only if the column's name says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import raw_columns
from cells import Cells

MOST_CELLS = 1000  # of a column, spread over its sample
MIN_SHARE = 0.5  # of the cells
LARGE = 1e6
TEXT = Cells("categorical")


def _digits(text: str) -> list[int]:
    return [int(character) for character in text if character.isdecimal()]


def is_card(text: str) -> bool:
    """Luhn's check: every second digit from the right is doubled."""
    doubled = [digit * 2 if place % 2 else digit for place, digit in enumerate(reversed(_digits(text)))]
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0


def is_iban(text: str) -> bool:
    plain = text.replace(" ", "")
    return int("".join(str(int(character, 36)) for character in plain[4:] + plain[:4])) % 97 == 1


def is_spanish_number(text: str) -> bool:
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(text[:8]) % 23] == text[-1].upper()


def is_social_security_number(text: str) -> bool:
    return text[:3] not in ("000", "666") and text[0] != "9" and text[4:6] != "00" and text[7:] != "0000"


@dataclass(frozen=True)
class Pattern:
    meaning: str
    regex: str  # RE2
    check: Callable[[str], bool] = bool
    min_share: float = MIN_SHARE
    name: str = ""  # in the column's name


PATTERNS = (
    Pattern("mail addresses", r"[\w.+-]+@[\w-]+(\.[\w-]+)*\.[A-Za-z]{2,}", min_share=0.02),
    Pattern(
        "phone numbers",
        r"^(\+|00)[1-9][0-9 ()./-]{6,18}[0-9]$|^\(?[2-9][0-9]{2}\)?[ .-][0-9]{3}[ .-][0-9]{4}$|"
        r"^\(?0[1-9][0-9]{1,4}\)?[ /-][0-9][0-9 -]{4,10}[0-9]$",
    ),
    Pattern("card numbers", r"^[2-6][0-9]{3}([ -]?[0-9]{4}){2}[ -]?[0-9]{1,7}$", is_card),
    Pattern("IBANs", r"^[A-Z]{2}[0-9]{2} ?([A-Z0-9]{4} ?){2,7}[A-Z0-9]{1,4}$", is_iban),
    Pattern("US social security numbers", r"^[0-9]{3}-[0-9]{2}-[0-9]{4}$", is_social_security_number),
    Pattern("British insurance numbers", r"^[A-CEGHJ-PR-TW-Z]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]$"),
    Pattern("Spanish identity numbers", r"^[0-9]{8}-?[A-Za-z]$", is_spanish_number),
    Pattern("phone numbers", r"^[0-9]{7,15}$", name=r"phone|mobile|telefon|fax"),
    Pattern("US social security numbers", r"^[0-9]{9}$", name=r"ssn|social.?security"),
)


def meaning(name: str, pieces: Sequence[pa.Array]) -> str:
    """What the cells of a column look like, such as "mail addresses"; "" if they do not look private."""
    texts = _texts(pieces)
    if not len(texts):
        return ""
    patterns = [pattern for pattern in PATTERNS if re.search(pattern.name, name, re.IGNORECASE)]
    any_of_them = "|".join(f"(?:{pattern.regex})" for pattern in patterns)
    candidates = texts.filter(pc.match_substring_regex(texts, any_of_them)).to_pylist()
    for pattern in patterns if candidates else ():
        regex = re.compile(pattern.regex)
        count = sum(bool(regex.search(text)) and pattern.check(text) for text in candidates)
        if count >= max(pattern.min_share * len(texts), 1):
            return pattern.meaning
    return ""


def _texts(pieces: Sequence[pa.Array]) -> pa.Array:
    """Some of the present cells."""
    usable = [one for one in pieces if _may_be_private(one) and len(one)]
    most = max(MOST_CELLS // max(len(usable), 1), 1)
    some = [one.take(pa.array(np.arange(0, len(one), max(len(one) // most, 1)))) for one in usable]
    texts = [raw_columns.from_arrow(one, TEXT)[0].drop_null() for one in some]
    return pc.utf8_trim_whitespace(pa.concat_arrays(texts)) if texts else pa.array([], pa.string())


def _may_be_private(values: pa.Array) -> bool:
    """Fractions and small numbers are not; whole numbers with gaps are floating in many files."""
    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    if pa.types.is_float64(kind):
        whole = pc.and_(pc.greater_equal(values, LARGE), pc.equal(pc.floor(values), values))
        return bool(pc.all(whole, min_count=0).as_py())
    return raw_columns.is_text(kind) or pa.types.is_integer(kind)
