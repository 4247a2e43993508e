"""Writes the description of the data: features.json, a sample of raw rows, statistics.json and constraints.json."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

from features import Features, RawColumn
from preprocessing import baseline
from preprocessing.baseline import Buckets, NumberTally
from preprocessing.first_pass import FirstPass
from preprocessing.outputs import Outputs
from preprocessing.parts import TRAIN


def write_features(outputs: Outputs, folder: Path, features: Features, first_pass: FirstPass) -> None:
    features.write(outputs.path(folder / "features.json"))
    outputs.text(folder / "sample.csv", _sample(features, first_pass))


def write_baseline(
    outputs: Outputs, folder: Path, features: Features, first_pass: FirstPass, buckets: dict[str, Buckets]
) -> None:
    statistics = [_statistics(name, first_pass, buckets) for name in [*features.names, features.target.name]]
    rows = first_pass.sides[TRAIN]
    outputs.text(folder / "statistics.json", _json(baseline.statistics_file(rows, statistics)))
    outputs.text(folder / "constraints.json", _json(baseline.constraints_file(statistics[:-1])))


def empty_buckets(first_pass: FirstPass, features: Features) -> dict[str, Buckets]:
    """For every numeric column of the training side, including a regression's target."""
    names = [column.name for column in features.columns if column.kind == "numeric"]
    names += [features.target.name] if features.problem == "regression" else []
    tallies = {name: first_pass.tallies[name] for name in names}
    return {name: Buckets.between(tally.low, tally.high) for name, tally in tallies.items() if tally.present}


def _statistics(name: str, first_pass: FirstPass, buckets: dict[str, Buckets]) -> dict[str, Any]:
    if name in first_pass.texts:
        return baseline.text_statistics(name, first_pass.sides[TRAIN], first_pass.texts[name].known)
    tally = first_pass.tallies[name]
    if first_pass.plan.encoded[name] == "boolean":
        cells = first_pass.plan.choice.cells.get(name)
        words = (cells.words if cells else ()) or ("false", "true")
        return baseline.text_statistics(name, first_pass.sides[TRAIN], _boolean_counts(tally, words))
    sketch = first_pass.sample.sketch(list(first_pass.tallies).index(name))
    return baseline.number_statistics(name, tally, buckets.get(name), sketch)


def _boolean_counts(tally: NumberTally, words: tuple[str, ...]) -> dict[str, int]:
    true = round(tally.mean * tally.present)
    counts = {words[1]: true, words[0]: tally.present - true}
    return {text: count for text, count in counts.items() if count}


def _sample(features: Features, first_pass: FirstPass) -> str:
    """Raw rows as a client would send them; numbers parse to equal numbers."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=features.delimiter, lineterminator="\n")
    writer.writerow(features.raw_names)
    places = [list(first_pass.plan.choice.kinds).index(name) for name in features.raw_names]
    for row in first_pass.raw_sample.rows():
        writer.writerow([_cell(row[place], column) for place, column in zip(places, features.raw, strict=True)])
    return text.getvalue()


def _cell(value: object, column: RawColumn) -> object:
    if isinstance(value, bool):
        return (column.cells.words or ("false", "true"))[value]
    if isinstance(value, float):
        return column.cells.number.text(value) if value == value else None
    return value


def _json(content: dict[str, Any]) -> str:
    """Strict JSON without NaN; one line for each column, as a sketch has thousands of numbers."""
    columns = ",\n".join(json.dumps(one, ensure_ascii=False, allow_nan=False) for one in content["features"])
    frame = json.dumps(content | {"features": []}, indent=1, ensure_ascii=False, allow_nan=False)
    return frame.replace('"features": []', f'"features": [\n{columns}\n ]', 1) + "\n"
