"""The outputs that describe the data: features.json, a sample of raw rows, statistics.json and constraints.json."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import raw
from features import Features
from preprocessing import baseline
from preprocessing.baseline import Buckets, NumberTally
from preprocessing.collecting import Collected
from preprocessing.outputs import Outputs
from preprocessing.parts import TRAIN


def write_features(outputs: Outputs, folder: Path, features: Features, found: Collected) -> None:
    features.write(outputs.path(folder / "features.json"))
    outputs.text(folder / "sample.csv", _sample(features, found))


def write_baseline(
    outputs: Outputs, folder: Path, features: Features, found: Collected, buckets: dict[str, Buckets]
) -> None:
    statistics = [_statistics(name, found, buckets) for name in [*features.names, features.target.name]]
    rows = found.sides[TRAIN]
    outputs.text(folder / "statistics.json", _json(baseline.statistics_file(rows, statistics)))
    outputs.text(folder / "constraints.json", _json(baseline.constraints_file(statistics[:-1])))


def empty_buckets(found: Collected, features: Features) -> dict[str, Buckets]:
    """For every numeric column of the training side, a regression's target included."""
    names = [column.name for column in features.columns if column.kind == "numeric"]
    names += [features.target.name] if features.problem == "regression" else []
    tallies = {name: found.tallies[name] for name in names}
    return {name: Buckets.between(tally.low, tally.high) for name, tally in tallies.items() if tally.present}


def _statistics(name: str, found: Collected, buckets: dict[str, Buckets]) -> dict[str, Any]:
    if name in found.texts:
        return baseline.text_statistics(name, found.sides[TRAIN], found.texts[name].known)
    tally = found.tallies[name]
    if found.plan.chosen.kinds.get(name) == "boolean":
        return baseline.text_statistics(name, found.sides[TRAIN], _truths(tally))
    sketch = found.sample.sketch(list(found.tallies).index(name))
    return baseline.number_statistics(name, tally, buckets.get(name), sketch)


def _truths(tally: NumberTally) -> dict[str, int]:
    true = round(tally.mean * tally.present)
    counts = {"true": true, "false": tally.present - true}
    return {text: count for text, count in counts.items() if count}


def _sample(features: Features, found: Collected) -> str:
    """Raw rows as a client would send them; numbers read back to the very same ones."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=features.delimiter, lineterminator="\n")
    writer.writerow(features.names)
    places = [list(found.plan.chosen.kinds).index(name) for name in features.names]
    for row in found.test_rows:
        writer.writerow([_cell(row[place]) for place in places])
    return text.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return raw.level_text(value) if isinstance(value, float) else value


def _json(content: dict[str, Any]) -> str:
    """Strict JSON, without NaN; one line for each column, because a sketch alone has thousands of numbers."""
    columns = ",\n".join(json.dumps(one, ensure_ascii=False, allow_nan=False) for one in content["features"])
    frame = json.dumps(content | {"features": []}, indent=1, ensure_ascii=False, allow_nan=False)
    return frame.replace('"features": []', f'"features": [\n{columns}\n ]', 1) + "\n"
