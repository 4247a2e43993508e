"""Which split: by key at once, by time or stratified after a pass over the columns that decide it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pyarrow as pa

from preprocessing import part_reader, stratified_split, time_split
from preprocessing.blocks import Block
from preprocessing.parts import comparable_columns
from preprocessing.row_parser import Plan, parse_block
from preprocessing.sources import Source
from preprocessing.splitting import Split


def with_split(plan: Plan, by: str, files: Sequence[Source]) -> Plan:
    split = plan.split
    if by == "key" or not isinstance(split, Split):
        return plan
    if by == "stratified":
        cells = {name: plan.cells[name] for name in (*split.key, plan.target)}
        pieces = (comparable_columns(columns, plan) for columns in _columns(plan, list(cells), files))
        return replace(plan, split=stratified_split.cut(split, plan.target, pieces))
    pieces = (columns[plan.event_time] for columns in _columns(plan, [plan.event_time], files))
    timeline, is_number = time_split.timeline(pieces)
    fractions = split.validation_fraction, split.test_fraction
    return replace(plan, split=timeline.cut(plan.event_time, *fractions, is_number))


def _columns(plan: Plan, names: list[str], files: Sequence[Source]) -> Iterator[dict[str, pa.Array]]:
    cells = {name: plan.cells[name] for name in names}

    def parse(block: Block) -> dict[str, pa.Array]:
        return parse_block(block, plan, cells).columns

    return (columns for columns, _ in part_reader.each_block(files, plan, names, parse))
