"""Chooses the feature columns and their kinds: from the settings, otherwise inferred from samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import raw_columns
from failures import UserError
from preprocessing.samples import Samples
from preprocessing.sources import close_match

MAX_WRONG = 0.01  # share of cells in a numeric column that may be no numbers: their rows are rejected
IDENTIFIER_SHARE = 0.9  # a text column with more distinct values identifies rows
MIN_VALUES = 20  # with fewer, identifiers are not detected
DATE = (
    r"^([0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.]([0-9]{4}|[0-9]{2}))"
    r"([ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?([ap]m|Z|[+-][0-9]{2}:?[0-9]{2})?)?$"
)


SETTINGS = ("key", "ignore", "categorical", "numeric")


@dataclass(frozen=True)
class ColumnSettings:
    """The settings of columns."""

    target: str
    key: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    numeric: tuple[str, ...] = ()

    def check(self, header: Sequence[str], file: str) -> None:
        if self.target not in header:
            hint = close_match(self.target, header)
            raise UserError(f'there is no target column "{self.target}" in {file}: {hint} (data.target)')
        for setting in SETTINGS:
            for name in getattr(self, setting):
                if name not in header:
                    hint = close_match(name, header)
                    raise UserError(f'data.{setting} names "{name}", which is no column of {file}: {hint}')
                if name == self.target:
                    raise UserError(f'data.{setting} names "{name}", which is the target: take it out of one of them')
        for one, other in (("ignore", "categorical"), ("ignore", "numeric"), ("categorical", "numeric")):
            both = set(getattr(self, one)) & set(getattr(self, other))
            if both:
                raise UserError(f'"{min(both)}" is in data.{one} and in data.{other}: take it out of one of them')


@dataclass(frozen=True)
class ColumnChoice:
    kinds: dict[str, str]  # of the features, in the header's order
    ignored: dict[str, str]  # the other columns but the target, and why


def choose_columns(samples: Samples, rules: ColumnSettings, missing: Sequence[str]) -> ColumnChoice:
    kinds, ignored = {}, {}
    for name, pieces in samples.items():
        if name == rules.target:
            continue
        kind, why = _classify(name, pieces, rules, missing)
        if why:
            ignored[name] = why
        else:
            kinds[name] = kind
    return ColumnChoice(kinds, ignored)


def check_target(problem: str, name: str, pieces: list[pa.Array], missing: Sequence[str]) -> None:
    if any(_is_unusable(piece.type) for piece in pieces):
        raise UserError(f'the target "{name}" holds {pieces[0].type} values: it must be a label or a number')
    if problem == "regression":
        values = _texts(pieces, missing)
        _, wrong = raw_columns.from_text(values, "numeric", missing)
        if wrong.sum() > MAX_WRONG * len(values):
            text = values[int(wrong.argmax())].as_py()
            raise UserError(
                f'the target "{name}" holds text such as "{text}", and a regression needs numbers: '
                "set problem.type to binary or multiclass, or choose another data.target"
            )


def has_values(pieces: list[pa.Array]) -> bool:
    """Whether the split can use the column: no lists, structures or binary data."""
    return not any(_is_unusable(piece.type) for piece in pieces)


def _classify(name: str, pieces: list[pa.Array], rules: ColumnSettings, missing: Sequence[str]) -> tuple[str, str]:
    """The kind, or the reason why the column is ignored."""
    if name in rules.ignore:
        return "", "data.ignore names it"
    if name in rules.categorical:
        if not has_values(pieces):
            raise UserError(f'data.categorical names "{name}", but its type is {pieces[0].type}: take it out')
        return "categorical", ""
    if name in rules.numeric:
        _check_numeric(name, pieces, missing)
        return "numeric", ""
    if name in rules.key:
        return "", "it is a key of the split"
    return _infer(name, pieces, missing)


def _infer(name: str, pieces: list[pa.Array], missing: Sequence[str]) -> tuple[str, str]:
    types = [piece.type for piece in pieces if not pa.types.is_null(piece.type)]
    if types and all(_is_number(kind) for kind in types):
        return _number_or_counter(raw_columns.from_arrow(pieces[0], "numeric", missing)[0])
    if types and all(pa.types.is_boolean(kind) for kind in types):
        return "boolean", ""
    if any(pa.types.is_temporal(kind) for kind in types):
        return "", "it holds dates or times: derive numbers from them to use it"
    if any(_is_unusable(kind) for kind in types):
        return "", f"its type is {next(kind for kind in types if _is_unusable(kind))}"
    return _infer_text(name, _texts(pieces, missing), missing)


def _infer_text(name: str, texts: pa.Array, missing: Sequence[str]) -> tuple[str, str]:
    if not len(texts):
        return "", "it has no values in the sampled rows"
    plain = pc.match_substring_regex(texts, raw_columns.NUMBER)
    if pc.mean(plain.cast(pa.int8())).as_py() >= 1 - MAX_WRONG:
        numbers, wrong = raw_columns.from_text(texts, "numeric", missing)
        if wrong.any():
            some = texts[int(wrong.argmax())].as_py()
            print(f'column "{name}" is taken as numeric, though it holds texts such as "{some}"', flush=True)
        return _number_or_counter(numbers)
    if not raw_columns.from_text(texts, "boolean", missing)[1].any():
        return "boolean", ""
    if pc.mean(pc.match_substring_regex(texts, DATE).cast(pa.int8())).as_py() >= 1 - MAX_WRONG:
        return "", "it holds dates or times: derive numbers from them to use it"
    distinct = pc.count_distinct(texts).as_py()
    if len(texts) >= MIN_VALUES and distinct > IDENTIFIER_SHARE * len(texts):
        return "", "nearly every value differs, as in a name or an identifier"
    return "categorical", ""


def _number_or_counter(numbers: pa.Array) -> tuple[str, str]:
    """Row numbers carry no information."""
    steps = np.diff(numbers.to_numpy(zero_copy_only=False)[:1000])
    if len(steps) >= MIN_VALUES and (steps == 1).all():
        return "", "it counts the rows"
    return "numeric", ""


def _check_numeric(name: str, pieces: list[pa.Array], missing: Sequence[str]) -> None:
    if any(_is_unusable(piece.type) or pa.types.is_temporal(piece.type) for piece in pieces):
        raise UserError(f'data.numeric names "{name}", but its type is {pieces[0].type}: take it out')
    values = _texts(pieces, missing)
    _, wrong = raw_columns.from_text(values, "numeric", missing)
    if wrong.sum() > MAX_WRONG * len(values):
        share, text = wrong.mean(), values[int(wrong.argmax())].as_py()
        raise UserError(
            f'data.numeric names "{name}", but {share:.0%} of it is no number, such as "{text}": take it out'
        )


def _texts(pieces: list[pa.Array], missing: Sequence[str]) -> pa.Array:
    """The present values, as texts of categories."""
    return pa.concat_arrays([raw_columns.from_arrow(piece, "categorical", missing)[0] for piece in pieces]).drop_null()


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _is_unusable(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    plain = _is_number(kind) or text or pa.types.is_boolean(kind) or pa.types.is_null(kind)
    return not (plain or pa.types.is_temporal(kind))
