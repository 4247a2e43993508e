"""Texts that mean "no value". In data.missing, "auto" stands for those that are recognised; without it, only the listed
ones are meant.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from cells import Cells, missing_texts
from number_format import PLAIN, NumberFormat

AUTO = "auto"
EVERYWHERE = ("NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "<NA>", "?", " ")
AMONG_NUMBERS = (
    *("None", "none", "NONE", "na", "Na", "NAN", "-nan", "N.A.", "n.a.", "NaT", "Null", "nil", "(null)", "<null>"),
    *("\\N", "-", "--", "---", "\u2013", "\u2014", ".", "..", "...", "*", "unknown", "Unknown", "UNKNOWN"),
    *("missing", "Missing", "MISSING", "not available", "undefined"),
    *("#NA", "#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NUM!", "#NAME?"),
)


@dataclass(frozen=True)
class MissingTexts:
    setting: tuple[str, ...]
    everywhere: tuple[str, ...]
    among_numbers: tuple[str, ...]  # also there, beside those

    @classmethod
    def of(cls, setting: Sequence[str]) -> MissingTexts:
        recognised = EVERYWHERE if AUTO in setting else ()
        listed = [text for text in setting if text != AUTO]
        everywhere = tuple(dict.fromkeys(["", *listed, *recognised]))
        return cls(tuple(setting), everywhere, AMONG_NUMBERS if recognised else ())

    def cells(self, kind: str, number: NumberFormat = PLAIN, words: tuple[str, ...] = ()) -> Cells:
        return Cells(kind, missing_texts(kind, self.everywhere, self.among_numbers), number, words)

    def time_cells(self, order: str = "") -> Cells:
        return replace(self.cells("time"), date_order=order)

    def note(self, pieces: Sequence[pa.Array], cells: Cells) -> str:
        """Which of the texts a sampled column holds."""
        known = pa.array([text for text in cells.missing if text], pa.string())
        found = [piece.filter(pc.is_in(piece, known)) for piece in pieces if pa.types.is_string(piece.type)]
        texts = pa.chunked_array(found, pa.string()).unique().to_pylist()
        return f"missing: {', '.join(json.dumps(text, ensure_ascii=False) for text in sorted(texts))}" if texts else ""

    def setting_with(self, texts: Sequence[str]) -> str:
        """The value of data.missing that adds some texts."""
        return json.dumps([*self.setting, *texts], ensure_ascii=False)
