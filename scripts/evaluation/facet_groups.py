"""How the groups of data.facets differ on the test side: in their labels (DPL), and in what is predicted (DPPL)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from evaluation.outcomes import Outcome
from facets import count_labels, differences, imbalances
from failures import UserError
from features import Features


def compare(features: Features, test: Path, outcome: Outcome) -> list[dict[str, Any]]:
    groups: dict[str, list[str]] = {}
    for one in features.details.get("facets", ()):
        groups.setdefault(one["facet"], []).append(one["group"])
    if not groups:
        return []
    file = test / "raw.parquet"
    if not file.is_file() or set(groups) - set(pq.read_schema(file).names):
        raise UserError(f"{file} does not hold the columns of data.facets: use the test side and the model of one run")
    table = pq.ParquetFile(file).read(columns=list(groups))
    return [row for name, levels in groups.items() for row in _rows(name, levels, table.column(name), outcome)]


def _rows(name: str, levels: list[str], values: pa.ChunkedArray, outcome: Outcome) -> list[dict[str, Any]]:
    coded = values.combine_chunks()
    places = {text: place for place, text in enumerate(levels)}
    of_text = np.array([places.get(text, -1) for text in coded.dictionary.to_pylist()] + [-1])
    codes = of_text[coded.indices.fill_null(len(of_text) - 1).to_numpy()]
    shape = (len(levels), max(len(outcome.classes), 1))
    labels = [outcome.target, outcome.predicted] if outcome.classes else [np.zeros(len(codes))] * 2
    observed, predicted = (count_labels(codes, one, shape) for one in labels)
    columns = (
        levels,
        observed.sum(axis=1).tolist(),
        imbalances(observed),
        differences(observed, outcome.classes),
        differences(predicted, outcome.classes),
    )
    keys = ("group", "rows", "CI", "DPL", "DPPL")
    return [{"facet": name} | dict(zip(keys, each, strict=True)) for each in zip(*columns, strict=False)]
