"""Parses a block of raw rows into typed columns, and rejects rows that cannot be used, each with its reason."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

import csv_rows
import raw_columns
from cells import Cells
from dates import DatePart
from dates import parts as date_parts
from failures import UserError
from features import one_array
from own_columns import NONE, OwnColumns
from preprocessing.blocks import Block
from preprocessing.columns import ColumnChoice
from preprocessing.missing_values import MissingTexts
from preprocessing.splitting import Split
from preprocessing.stratified_split import StratifiedSplit
from preprocessing.time_split import TimeSplit

MAX_TEXT = 2000  # characters of a rejected row that are kept


@dataclass(frozen=True)
class Plan:
    """What every worker needs, fixed before the first row is read."""

    header: tuple[str, ...]
    choice: ColumnChoice
    target: str
    problem: str
    split: Split | TimeSplit | StratifiedSplit
    missing: MissingTexts
    delimiter: str
    sampled: dict[str, dict[str, Any]]  # of every column that is left out: what its sample says
    own: OwnColumns = NONE
    event_time: str = ""
    weight: str = ""

    @cached_property
    def cells(self) -> dict[str, Cells]:
        """All parsed columns: features, target, and columns that only the split uses."""
        texts = self.missing.cells("categorical")
        return dict.fromkeys(self.split.key, texts) | self.choice.cells | {self.target: self.choice.target}

    def private(self, name: str) -> str:
        return self.choice.private.protected.get(name, "")

    @cached_property
    def times(self) -> list[str]:
        return [name for name, kind in self.choice.kinds.items() if kind == "time"]

    @cached_property
    def dates(self) -> dict[str, list[DatePart]]:
        """What is computed from each column of times."""
        features = (name for name in self.times if name not in self.choice.inputs)
        event = "" if self.event_time in self.choice.inputs else self.event_time
        return {name: date_parts(name, self.choice.cells[name].date_order, event) for name in features}

    @cached_property
    def encoded(self) -> dict[str, str]:
        """The columns of the sides: what may be a feature, and the target."""
        kinds: dict[str, str] = {}
        for name, kind in self.choice.kinds.items():
            parts = [one.name for one in self.dates.get(name, ())]
            kinds |= dict.fromkeys(parts, "numeric") if kind == "time" else {name: kind}
        return kinds | self.own.kinds | {self.target: "numeric" if self.problem == "regression" else "categorical"}

    @cached_property
    def doubles(self) -> list[str]:
        """Numbers that own_features.py reads are kept as they are, and not only as the model sees them."""
        return [name for name in self.own.inputs if self.choice.kinds[name] == "numeric"]

    @property
    def floats(self) -> list[str]:
        return [name for name, kind in self.encoded.items() if kind != "categorical"]

    @property
    def texts(self) -> list[str]:
        return [name for name, kind in self.encoded.items() if kind == "categorical"]


@dataclass(frozen=True)
class Reject:
    file: str
    line: int
    reason: str
    row: str
    group: str  # the reason without the value: rejects are counted by it


@dataclass
class ParsedBlock:
    """The rows of a block; later checks mark more of them as unusable."""

    block: Block
    plan: Plan
    columns: dict[str, pa.Array]
    positions: npt.NDArray[np.int64]  # of the parsed rows among the block's rows
    rejects: list[Reject]
    rows: int = field(init=False)
    usable: npt.NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        self.rows = len(self.positions) + len(self.rejects)
        self.usable = np.ones(len(self.positions), bool)

    def reject_where(
        self, where: npt.NDArray[np.bool_], group: str, reason: Callable[[int], str] | None = None
    ) -> None:
        for at in np.flatnonzero(where & self.usable):
            self.rejects.append(self.reject(int(at), group, reason(int(at)) if reason else group))
        self.usable &= ~where

    def reject_cells(self, where: npt.NDArray[np.bool_], name: str, why: str, values: pa.Array) -> None:
        self.reject_where(
            where, f'column "{name}" {why}', lambda at: f'column "{name}" holds "{values[at]}", which {why}'
        )

    def reject(self, at: int, group: str, reason: str) -> Reject:
        if self.block.source.format == "csv":
            row = int(self.positions[at])
            line, text = self.block.line + self._rows.line(row) - 1, self._rows.text(row)
        else:
            line = self.block.line + int(self.positions[at])
            text = _as_csv(self.block.table.slice(int(self.positions[at]), 1).to_pylist()[0])
        return Reject(self.block.source.name, line, reason, text[:MAX_TEXT], group)

    @cached_property
    def _rows(self) -> csv_rows.Rows:
        return csv_rows.split_rows(self.block.text, self.plan.delimiter)


def parse_block(block: Block, plan: Plan, cells: Mapping[str, Cells] | None = None) -> ParsedBlock:
    """``cells``: of the columns to parse, where not all are needed."""
    chosen = plan.cells if cells is None else cells
    return _from_csv(block, plan, chosen) if block.source.format == "csv" else _from_parquet(block, plan, chosen)


def _from_csv(block: Block, plan: Plan, cells: Mapping[str, Cells]) -> ParsedBlock:
    source, text, rest = block.source, block.text, (plan.header, cells, plan.delimiter)
    bad: list[raw_columns.BadRow] = []
    try:
        table = raw_columns.parse_csv(text, *rest)
        positions = np.arange(table.num_rows)
    except pa.ArrowInvalid:
        table, positions, bad = raw_columns.salvage_csv(text, *rest)
    rejects = [
        Reject(source.name, block.line + one.line - 1, one.sentence, one.text[:MAX_TEXT], _group(one)) for one in bad
    ]
    columns = {name: one_array(table[name]) for name in table.column_names}
    return ParsedBlock(block, plan, columns, positions, rejects)


def _from_parquet(block: Block, plan: Plan, cells: Mapping[str, Cells]) -> ParsedBlock:
    table = block.table
    columns, wrong = {}, {}
    for name, one in cells.items():
        try:
            columns[name], wrong[name] = raw_columns.from_arrow(table[name], one)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            where, found = block.source.name, table[name].type
            raise UserError(
                f'column "{name}" of {where} is {found}, which cannot be taken as {one.kind}: '
                "convert it, or put it into data.ignore"
            ) from error
    parsed = ParsedBlock(block, plan, columns, np.arange(table.num_rows), [])
    for name, places in wrong.items():
        parsed.reject_cells(places, name, cells[name].refusal, table[name])
    return parsed


def _group(bad: raw_columns.BadRow) -> str:
    return bad.reason if bad.column is None else f'column "{bad.column}" {bad.reason}'


def _as_csv(row: dict[str, object]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(row.values())
    return text.getvalue()
