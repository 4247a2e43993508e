"""One block, split into sides and encoded by a worker.

Numbers are final. Texts are numbered within the block: which levels are rare depends on all training rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

import dates
from features import Column, encode_column
from preprocessing.baseline import NumberTally
from preprocessing.blocks import Block
from preprocessing.levels import label
from preprocessing.raw_sample import Landmarks
from preprocessing.row_parser import ParsedBlock, Plan, parse_block
from preprocessing.spill_files import NO_TIME
from preprocessing.splitting import SIDES
from preprocessing.stratified_split import StratifiedSplit
from preprocessing.time_split import TimeSplit, no_time
from private_data import Protection

TRAIN, TEST = SIDES.index("train"), SIDES.index("test")
Floats = npt.NDArray[np.float32]
Codes = npt.NDArray[np.int32]


@dataclass(frozen=True)
class TextColumn:
    """A text column of a block: its distinct texts, and the index of each row's text (-1 is missing)."""

    texts: list[str]
    codes: Codes


@dataclass(frozen=True)
class Part:
    parsed: ParsedBlock
    where: list[npt.NDArray[np.int64]]  # of each side, the positions of its rows among the parsed ones
    floats: list[dict[str, Floats]]  # of each side: numeric and boolean features, a regression's target
    times: list[dict[str, npt.NDArray[np.int64]]]  # of each side: microseconds
    doubles: list[dict[str, npt.NDArray[np.float64]]]  # of each side: see Plan
    codes: list[dict[str, Codes]]  # of each side: categories and labels
    texts: dict[str, list[str]]
    tallies: dict[str, NumberTally]  # of the training rows; the mean of a boolean is its share of true
    landmarks: Landmarks
    doubtful: dict[int, set[int]]  # of a stratified split: the sides of hashes near its cuts


def encode_block(block: Block, plan: Plan) -> Part:
    parsed = parse_block(block, plan)
    times = {name: parsed.columns[name] for name in plan.times}
    for found in plan.dates.values():
        parsed.columns |= {one.name: one.compute(times) for one in found}
    for name in plan.encoded.keys() - plan.own.kinds.keys():
        parsed.columns[name] = _normalize(parsed.columns[name], plan.encoded[name])
    comparable = comparable_columns(parsed.columns, plan)
    sides = plan.split.sides(comparable)
    _protect(parsed, plan)
    for name, values in plan.own.compute(parsed.columns).items():
        parsed.columns[name] = _normalize(values, plan.own.kinds[name])
    floats = {name: encode_column(Column(name, plan.encoded[name]), parsed.columns[name]) for name in plan.floats}
    texts = {
        name: (_label_column if name == plan.target else _text_column)(parsed.columns[name]) for name in plan.texts
    }
    _check(parsed, plan, floats, texts)
    parsed.rejects.sort(key=lambda reject: reject.line)
    where = [np.flatnonzero((sides == side) & parsed.usable) for side in range(len(SIDES))]
    codes = {name: one.codes for name, one in texts.items()}
    numbered = {name: one.texts for name, one in texts.items()}
    micros = _micros(times)
    doubles = {name: _doubles(parsed.columns[name]) for name in plan.doubles}
    return Part(
        parsed,
        where,
        [{name: values[rows] for name, values in floats.items()} for rows in where],
        [{name: values[rows] for name, values in micros.items()} for rows in where],
        [{name: values[rows] for name, values in doubles.items()} for rows in where],
        [{name: values[rows] for name, values in codes.items()} for rows in where],
        numbered,
        {name: NumberTally.of(_doubles(parsed.columns[name])[where[TRAIN]]) for name in floats},
        Landmarks.of(floats, codes, numbered, parsed.usable, where[TEST]),
        plan.split.doubtful(comparable) if isinstance(plan.split, StratifiedSplit) else {},
    )


def _micros(times: dict[str, pa.Array]) -> dict[str, npt.NDArray[np.int64]]:
    numbers = {name: pc.fill_null(one.cast(pa.int64()), NO_TIME) for name, one in times.items()}
    return {name: one.to_numpy(zero_copy_only=False) for name, one in numbers.items()}


def _normalize(values: pa.Array, kind: str) -> pa.Array:
    """The form that is cheapest to process: texts as dictionaries, missing numbers as NaN."""
    if kind == "categorical":
        return values.dictionary_encode()
    return pc.fill_null(values, np.nan) if kind == "numeric" else values


def _protect(parsed: ParsedBlock, plan: Plan) -> None:
    """After the sides are known: a row keeps its side whatever happens to its private cells."""
    for name, action in plan.choice.private.protected.items():
        if name in plan.choice.cells:
            parsed.columns[name] = Protection(action, name).apply(parsed.columns[name]).dictionary_encode()


def comparable_columns(columns: dict[str, pa.Array], plan: Plan) -> dict[str, pa.Array]:
    """Those of the split's key as they would be in any other file: times as texts, booleans in their words."""
    times = {name: dates.text(columns[name]) for name in plan.times if name in plan.split.key}
    return columns | _in_words(columns, plan) | times


def _in_words(columns: dict[str, pa.Array], plan: Plan) -> dict[str, pa.Array]:
    """Booleans as they are written, so that a row keeps its side whatever a column is taken as."""
    words = {name: plan.cells[name].words for name in plan.split.key if plan.cells[name].words}
    return {name: pc.if_else(columns[name], true, false).dictionary_encode() for name, (false, true) in words.items()}


def _text_column(values: pa.Array) -> TextColumn:
    codes = pc.fill_null(values.indices, -1).to_numpy(zero_copy_only=False)
    return TextColumn(values.dictionary.to_pylist(), codes.astype(np.int32))


def _label_column(values: pa.Array) -> TextColumn:
    texts = _text_column(values)
    labels = [label(text) for text in texts.texts]
    different = sorted({one for one in labels if one is not None})
    places = {text: place for place, text in enumerate(different)}
    merged = np.array([-1 if one is None else places[one] for one in labels] + [-1], np.int32)
    return TextColumn(different, merged[texts.codes])


def _check(parsed: ParsedBlock, plan: Plan, floats: dict[str, Floats], texts: dict[str, TextColumn]) -> None:
    if isinstance(plan.split, TimeSplit):
        parsed.reject_where(
            no_time(parsed.columns[plan.split.column]), f'the event time "{plan.split.column}" is missing'
        )
    missing = texts[plan.target].codes < 0 if plan.target in texts else np.isnan(floats[plan.target])
    parsed.reject_where(missing, f'the target "{plan.target}" is missing')
    if plan.weight:
        lacking = ~(floats[plan.weight] >= 0)  # also where missing
        parsed.reject_cells(lacking, plan.weight, "is no weight of 0 or more", parsed.columns[plan.weight])
    for name, values in floats.items():
        if np.isinf(values).any():
            parsed.reject_cells(np.isinf(values), name, "is not a finite float32 number", parsed.columns[name])


def _doubles(values: pa.Array) -> npt.NDArray[np.float64]:
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.int8())
        values = pc.fill_null(values.cast(pa.float64()), np.nan)
    doubles: npt.NDArray[np.float64] = values.to_numpy()
    return doubles
