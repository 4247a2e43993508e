"""Before the first pass: what own_features.py reads and returns, what it learns, and whether it treats rows alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

import own_columns
from failures import UserError, quote
from own_columns import FILE, OwnColumns
from preprocessing import part_reader
from preprocessing.parts import TRAIN, Part
from preprocessing.row_parser import Plan
from preprocessing.sources import Source

MOST_ROWS, ALONE = 1000, 20  # rows of the first block that are tried together, and of those alone
Rows = dict[str, pa.Array]


def with_own_columns(plan: Plan, files: Sequence[Source]) -> Plan:
    own = OwnColumns(own_columns.inputs(), sha256=own_columns.digest())
    if not own.inputs:
        if own_columns.call("compute", {}, None) != {}:
            hint = f"name the columns that it reads in INPUTS, {own_columns.EXAMPLE}"
            raise UserError(f"{FILE} computes columns of nothing: {hint}")
        return plan
    reading = replace(plan, own=own)
    own = replace(own, fitted=_fit(reading, files))
    rows = _first_rows(reading, files)
    own = replace(own, kinds=_kinds(own_columns.call("compute", rows, own.fitted), plan))
    _check_edges(own, rows)
    _check_alone(own, rows)
    return replace(plan, own=own)


def _fit(plan: Plan, files: Sequence[Source]) -> Any:
    if not hasattr(own_columns.module(), "fit"):
        return None
    found = own_columns.call("fit", (_inputs(part, plan, part.where[TRAIN]) for part in _parts(plan, files)))
    try:
        return json.loads(json.dumps(found, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise UserError(f"what fit of {FILE} returns cannot be kept in features.json: {error}") from error


def _parts(plan: Plan, files: Sequence[Source]) -> Iterator[Part]:
    return (part for part, _ in part_reader.read(files, plan))


def _inputs(part: Part, plan: Plan, where: np.ndarray) -> Rows:  # type: ignore[type-arg]
    rows = pa.array(where, pa.int64())
    return {name: own_columns.plain(part.parsed.columns[name].take(rows)) for name in plan.own.inputs}


def _first_rows(plan: Plan, files: Sequence[Source]) -> Rows:
    for part in _parts(plan, files):
        where = np.flatnonzero(part.parsed.usable)[:MOST_ROWS]
        if len(where):
            return _inputs(part, plan, where)
    raise UserError("no row of the data can be used: rejects.csv says why")


def _kinds(result: Any, plan: Plan) -> dict[str, str]:
    if not isinstance(result, dict) or not result or not all(isinstance(name, str) for name in result):
        raise UserError(f"compute of {FILE} must return columns by name; to have none, set INPUTS = ()")
    taken = {*plan.header, *plan.encoded}
    twice = next((name for name in result if name in taken), None)
    if twice is not None:
        raise UserError(f'{FILE} computes "{twice}", which is a column already: give it another name')
    return {name: own_columns.kind_of(name, values) for name, values in result.items()}


def _check_edges(own: OwnColumns, rows: Rows) -> None:
    """A request may have such rows, and would get an error of the server."""
    zeros = {name: pa.scalar(_zero(values.type), values.type) for name, values in rows.items()}
    edges = {
        "no row": {name: values[:0] for name, values in rows.items()},
        "a row of missing values": {name: pa.nulls(1, values.type) for name, values in rows.items()},
        "a row of zeros and empty texts": {name: pa.array([zeros[name].as_py()], rows[name].type) for name in rows},
    }
    for what, few in edges.items():
        try:
            own.compute(few)
        except UserError as error:
            raise UserError(f"with {what}, as a client may send, {error}") from error


def _zero(kind: pa.DataType) -> Any:
    return "" if pa.types.is_string(kind) else False if pa.types.is_boolean(kind) else 0


def _check_alone(own: OwnColumns, rows: Rows) -> None:
    """An endpoint gets other rows together than training: a sum over rows or a rank would be another number there."""
    total = len(next(iter(rows.values())))
    together = own.compute(rows)
    for at in np.unique(np.linspace(0, total - 1, ALONE).astype(int)).tolist():
        alone = own.compute({name: values.slice(at, 1) for name, values in rows.items()})
        for name, values in together.items():
            if not alone[name].equals(values.slice(at, 1)):
                one, other = quote(alone[name][0]), quote(values[at])
                raise UserError(
                    f'{FILE} computes "{name}" of a row as {one} when it is alone, and as {other} among '
                    f"{total} rows: a value may depend on its own row only; what depends on all belongs in fit"
                )
