"""What a worker makes of one block: its rows on their sides, encoded as far as one block's knowledge goes.

Numbers are final. Texts are numbered within the block, for only the whole of the training rows decides what is rare.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features import Column, encode_column
from preprocessing.baseline import NumberTally
from preprocessing.blocks import Block
from preprocessing.intake import Intake, Plan, take_in
from preprocessing.levels import label
from preprocessing.splitting import SIDES

TRAIN, TEST = SIDES.index("train"), SIDES.index("test")
Floats = npt.NDArray[np.float32]
Codes = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Coded:
    """A text column of a block: its different texts, and for each row the place in them (-1 is missing)."""

    texts: list[str]
    codes: Codes


@dataclass(frozen=True)
class Part:
    intake: Intake
    where: list[npt.NDArray[np.int64]]  # of each side, the places of its rows among the parsed ones
    floats: list[dict[str, Floats]]  # of each side: numeric and boolean features, a regression's target
    codes: list[dict[str, Codes]]  # of each side: categories and labels
    texts: dict[str, list[str]]
    tallies: dict[str, NumberTally]  # of the training rows; a boolean's mean is its share of true


def make(block: Block, plan: Plan) -> Part:
    intake = take_in(block, plan)
    for name, kind in plan.encoded.items():
        intake.columns[name] = _once_for_all(intake.columns[name], kind)
    floats = {name: encode_column(Column(name, plan.encoded[name]), intake.columns[name]) for name in plan.floats}
    coded = {name: (_labels if name == plan.target else _coded)(intake.columns[name]) for name in plan.texts}
    _check(intake, plan, floats, coded)
    intake.rejects.sort(key=lambda reject: reject.line)
    sides = plan.split.sides(intake.columns)
    where = [np.flatnonzero((sides == side) & intake.usable) for side in range(len(SIDES))]
    return Part(
        intake,
        where,
        [{name: values[rows] for name, values in floats.items()} for rows in where],
        [{name: one.codes[rows] for name, one in coded.items()} for rows in where],
        {name: one.texts for name, one in coded.items()},
        {name: NumberTally.of(_doubles(intake.columns[name])[where[TRAIN]]) for name in floats},
    )


def typed_rows(part: Part, names: Sequence[str], most: int) -> list[list[object]]:
    """Test rows as they came, for a sample that people and smoke tests send to the model."""
    rows = pa.array(part.where[TEST][:most])
    columns = [part.intake.columns[name].take(rows).to_pylist() for name in names]
    return [list(row) for row in zip(*columns, strict=True)]


def _once_for_all(values: pa.Array, kind: str) -> pa.Array:
    """The same values in the form that is cheapest for all that is to come: texts coded, missing numbers as NaN."""
    if kind == "categorical":
        return values.dictionary_encode()
    return pc.fill_null(values, np.nan) if kind == "numeric" else values


def _coded(values: pa.Array) -> Coded:
    codes = pc.fill_null(values.indices, -1).to_numpy(zero_copy_only=False)
    return Coded(values.dictionary.to_pylist(), codes.astype(np.int32))


def _labels(values: pa.Array) -> Coded:
    coded = _coded(values)
    labels = [label(text) for text in coded.texts]
    different = sorted({one for one in labels if one is not None})
    places = {text: place for place, text in enumerate(different)}
    merged = np.array([-1 if one is None else places[one] for one in labels] + [-1], np.int32)
    return Coded(different, merged[coded.codes])


def _check(intake: Intake, plan: Plan, floats: dict[str, Floats], coded: dict[str, Coded]) -> None:
    missing = coded[plan.target].codes < 0 if plan.target in coded else np.isnan(floats[plan.target])
    intake.refuse(missing, f'the target "{plan.target}" is missing')
    for name, values in floats.items():
        if np.isinf(values).any():
            intake.refuse_cells(np.isinf(values), name, "is not a finite float32 number", intake.columns[name])


def _doubles(values: pa.Array) -> npt.NDArray[np.float64]:
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.int8())
        values = pc.fill_null(values.cast(pa.float64()), np.nan)
    doubles: npt.NDArray[np.float64] = values.to_numpy()
    return doubles
