"""Chooses the feature columns and their kinds: from the settings, otherwise inferred from samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

import raw_columns
from cells import Cells
from csv_rows import Places
from dates import parts as date_parts
from failures import SettingNeeded, UserError, quote
from own_columns import FILE
from preprocessing import column_kinds, number_formats
from preprocessing.column_kinds import Reading
from preprocessing.missing_values import MissingTexts
from preprocessing.number_formats import Decimals
from preprocessing.private_columns import PrivateColumns
from preprocessing.samples import Samples
from preprocessing.sources import Source, close_match
from private_data import MASK

IS_KEY = "it is a key of the split"
IS_FACET = "data.facets names it; a model learns from it if data.categorical names it too"
SETTINGS = ("key", "ignore", "categorical", "numeric", "facets")
ONE_ROLE = (
    *(("ignore", "categorical"), ("ignore", "numeric"), ("ignore", "facets")),
    *(("categorical", "numeric"), ("numeric", "facets")),
)


@dataclass(frozen=True)
class ColumnSettings:
    """The settings of columns."""

    target: str
    decimal: str = "auto"
    dates: str = "auto"
    key: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    numeric: tuple[str, ...] = ()
    facets: tuple[str, ...] = ()
    private: PrivateColumns = field(default_factory=PrivateColumns, kw_only=True)
    inputs: tuple[str, ...] = field(default=(), kw_only=True)  # of own_features.py
    event_time: str = field(default="", kw_only=True)
    weight: str = field(default="", kw_only=True)

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
        for setting in ("event_time", "weight"):
            name = getattr(self, setting)
            if name and (name not in header or name == self.target):
                hint = "it is the target" if name == self.target else close_match(name, header)
                raise UserError(f'data.{setting} names "{name}", which is no column of {file} of its own: {hint}')
        for name in self.inputs:
            if name not in header:
                hint = close_match(name, header)
                raise UserError(f'{FILE} reads "{name}", which is no column of {file}: {hint} (INPUTS)')
            if name == self.target:
                raise UserError(f'{FILE} reads "{name}", the target, which no client can send: take it out of INPUTS')
        self.private.check(header, file, self.target, {name: getattr(self, name) for name in SETTINGS})
        for one, other in ONE_ROLE:
            both = set(getattr(self, one)) & set(getattr(self, other))
            if both:
                raise UserError(f'"{min(both)}" is in data.{one} and in data.{other}: take it out of one of them')

    def reader(self, name: str) -> str:
        setting = {self.event_time: "event_time", self.weight: "weight"}.get(name)
        return f"data.{setting} names" if setting else f"INPUTS of {FILE} name"


@dataclass(frozen=True)
class ColumnChoice:
    target: Cells
    cells: dict[str, Cells] = field(default_factory=dict)  # of the features and the inputs, in the header's order
    inputs: dict[str, str] = field(default_factory=dict)  # what is read and is no feature itself, and why
    ignored: dict[str, str] = field(default_factory=dict)  # the other columns but the target, and why
    notes: dict[str, str] = field(default_factory=dict)  # on how columns are read, for people
    private: PrivateColumns = field(default_factory=PrivateColumns)

    @property
    def facets(self) -> list[str]:
        """Those that are no features."""
        return [name for name, why in self.inputs.items() if why == IS_FACET]

    @property
    def kinds(self) -> dict[str, str]:
        return {name: cells.kind for name, cells in self.cells.items()}


def check_types(sources: Sequence[Source], rules: ColumnSettings) -> None:
    """Numbers in one Parquet file and texts in another may mean something else: a person has to say what they are."""
    for name in sources[0].types:
        if name in (rules.target, *rules.ignore, *rules.categorical, *rules.numeric):
            continue
        first: dict[str, Source] = {}
        for source in sources:
            first.setdefault(column_kinds.family(source.types[name]), source)
        first.pop("null", None)
        if len(first) > 1:
            (_, one), (_, other), *_ = first.items()
            raise SettingNeeded(
                f'column "{name}" is {one.types[name]} in {one.name} and {other.types[name]} in {other.name}: '
                "convert one of them, or name it in data.numeric, data.categorical or data.ignore",
                {"data.ignore" if "other" in first else "data.categorical": [name]},
            )


def choose_columns(samples: Samples, rules: ColumnSettings, missing: MissingTexts, problem: str) -> ColumnChoice:
    others = (column_kinds.texts_of(pieces, missing) for pieces in samples.values() if has_values(pieces))
    decimals = Decimals(rules.decimal, others)
    rules = replace(rules, private=rules.private.recognise(samples, rules.target))
    target = _read_target(problem, rules.target, samples[rules.target], missing, decimals)
    choice = ColumnChoice(target, private=rules.private)
    choice.notes[rules.target] = _joined(
        _note_on_target(samples[rules.target], target), rules.private.note(rules.target)
    )
    for name, pieces in samples.items():
        if name == rules.target:
            continue
        reading = _read_as(name, pieces, rules, missing, decimals)
        reading = _with_free_names(name, reading, list(samples), rules.event_time)
        if name in (rules.event_time, rules.weight):
            _read_role(choice, name, pieces, reading, rules, missing, decimals)
        elif reading.cells is None and name in rules.inputs:
            choice.inputs[name] = reading.note
            choice.cells[name] = _as_input(name, pieces, rules, missing, decimals)
            choice.notes[name] = rules.private.note(name)
        elif reading.cells is None:
            choice.ignored[name] = reading.note
            choice.notes[name] = rules.private.note(name)
        else:
            choice.cells[name] = reading.cells
            if name in rules.facets and name not in rules.categorical:
                choice.inputs[name] = IS_FACET
            choice.notes[name] = _joined(reading.note, missing.note(pieces, reading.cells), rules.private.note(name))
    return choice


def _read_role(
    choice: ColumnChoice,
    name: str,
    pieces: list[pa.Array],
    reading: Reading,
    rules: ColumnSettings,
    missing: MissingTexts,
    decimals: Decimals,
) -> None:
    """The weight is a number; the event time is one, which is no feature, or a time, whose parts are."""
    setting = "weight" if name == rules.weight else "event_time"
    cells = reading.cells or _as_input(name, pieces, rules, missing, decimals)
    choice.cells[name] = cells
    choice.notes[name] = _joined(reading.note if reading.cells else "", rules.private.note(name))
    if cells.kind not in (("numeric",) if setting == "weight" else ("numeric", "time")):
        what = "numbers" if setting == "weight" else "dates, times or numbers"
        raise UserError(f'data.{setting} names "{name}", which holds {cells.kind} values: {what} are needed')
    if cells.kind == "numeric":
        choice.inputs[name] = f"data.{setting} names it"
    elif reading.cells is None:
        choice.inputs[name] = reading.note


def _with_free_names(name: str, reading: Reading, header: Sequence[str], event_time: str) -> Reading:
    """Columns that are computed from a date need names of their own."""
    if reading.cells is None or reading.cells.kind != "time":
        return reading
    twice = [one.name for one in date_parts(name, "", event_time) if one.name in header]
    return Reading(None, f'its numbers need the name "{twice[0]}", which another column has') if twice else reading


def _joined(*notes: str) -> str:
    return "; ".join(filter(None, notes))


def _read_target(problem: str, name: str, pieces: list[pa.Array], missing: MissingTexts, decimals: Decimals) -> Cells:
    if any(column_kinds.is_unusable(piece.type) for piece in pieces):
        raise UserError(f'the target "{name}" holds {pieces[0].type} values: it must be a label or a number')
    if problem != "regression":
        return missing.cells("categorical")
    values, cells, wrong = _numbers(name, pieces, missing, decimals)
    if wrong.sum() > column_kinds.MAX_WRONG * len(values):
        text = values[int(wrong.argmax())].as_py()
        raise SettingNeeded(
            f'the target "{name}" holds text such as "{quote(text)}", and a regression needs numbers: '
            "set problem.type to binary or multiclass, or choose another data.target",
            _remedy_of_texts(values, values.filter(pa.array(wrong)).unique().to_pylist(), wrong.mean()),
        )
    number_formats.check_units(name, values, cells.number)
    return cells


def _remedy_of_texts(values: pa.Array, texts: list[str], share: float) -> dict[str, Any]:
    """Of texts among the numbers of a regression's target."""
    if share < 0.5 and column_kinds.may_be_missing(texts, len(texts)):
        return {"data.missing": sorted(texts)}
    return {"problem.type": "binary" if pc.count_distinct(values).as_py() == 2 else "multiclass"}


def _note_on_target(pieces: list[pa.Array], cells: Cells) -> str:
    """Labels may be numbers in one file and texts in another, as 1 and "1" are the same one."""
    types = {column_kinds.family(piece.type): str(piece.type) for piece in pieces}
    types.pop("null", None)
    mixed = f"{' in one file and '.join(types.values())} in another: compared as texts" if len(types) > 1 else ""
    return _joined(mixed, number_formats.note(cells.number))


def has_values(pieces: list[pa.Array]) -> bool:
    """Whether the split can use the column: no lists, structures or binary data."""
    return not any(column_kinds.is_unusable(piece.type) for piece in pieces)


def _read_as(
    name: str, pieces: list[pa.Array], rules: ColumnSettings, missing: MissingTexts, decimals: Decimals
) -> Reading:
    if name in rules.ignore:
        return Reading(None, "data.ignore names it")
    if rules.private.drops(name):
        return Reading(None, "data.private drops it")
    if name in (*rules.categorical, *rules.facets):
        if not has_values(pieces):
            setting = "categorical" if name in rules.categorical else "facets"
            raise UserError(f'data.{setting} names "{name}", but its type is {pieces[0].type}: take it out')
        return Reading(missing.cells("categorical"))
    if name in rules.numeric:
        return _as_numeric(name, pieces, missing, decimals)
    if name in rules.key:
        return Reading(None, IS_KEY)
    if name in rules.private.protected:
        return _as_private(pieces, missing, rules.private.protected[name])
    return column_kinds.infer(name, pieces, missing, decimals, rules.dates)


def _as_input(
    name: str, pieces: list[pa.Array], rules: ColumnSettings, missing: MissingTexts, decimals: Decimals
) -> Cells:
    """What is no feature for its settings or its many values is read all the same."""
    reading = _read_as(name, pieces, replace(rules, ignore=(), key=()), missing, decimals)
    if reading.cells is not None:
        return reading.cells
    if rules.private.drops(name) or any(column_kinds.is_unreadable(piece.type) for piece in pieces):
        raise UserError(f'{rules.reader(name)} "{name}", but {reading.note}: take it out of one of them')
    if reading.note == column_kinds.COUNTER:
        return _as_numeric(name, pieces, missing, decimals).cells or missing.cells("numeric")
    return missing.cells("categorical")


def _as_private(pieces: list[pa.Array], missing: MissingTexts, action: str) -> Reading:
    """A category of hashes, as long as their values repeat."""
    if not has_values(pieces):
        return Reading(None, f"its type is {pieces[0].type}")
    if action == MASK:
        return Reading(missing.cells("categorical"))
    return column_kinds.infer_category(column_kinds.texts_of(pieces, missing), missing, "")


def _as_numeric(name: str, pieces: list[pa.Array], missing: MissingTexts, decimals: Decimals) -> Reading:
    if any(column_kinds.is_unusable(piece.type) or pa.types.is_temporal(piece.type) for piece in pieces):
        raise UserError(f'data.numeric names "{name}", but its type is {pieces[0].type}: take it out')
    values, cells, wrong = _numbers(name, pieces, missing, decimals)
    if wrong.sum() > column_kinds.MAX_WRONG * len(values):
        share, text = wrong.mean(), values[int(wrong.argmax())].as_py()
        raise SettingNeeded(
            f'data.numeric names "{name}", but {share:.0%} of it is no number, such as "{quote(text)}": take it out',
            {"data.ignore": [name]},
        )
    return Reading(cells, number_formats.note(cells.number))


def _numbers(
    name: str, pieces: list[pa.Array], missing: MissingTexts, decimals: Decimals
) -> tuple[pa.Array, Cells, Places]:
    """The texts, how they are best read as numbers, and where they cannot."""
    cells = missing.cells("numeric")
    values = column_kinds.texts_of(pieces, missing)
    if all(column_kinds.family(piece.type) == "text" for piece in pieces):
        present = raw_columns.without(values, cells.missing).drop_null()
        cells = replace(cells, number=number_formats.find(name, present, decimals).format) if len(present) else cells
    return values, cells, raw_columns.from_text(values, cells)[1]
