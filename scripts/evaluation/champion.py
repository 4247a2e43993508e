"""The champion, production's model, on the same rows: its archive's own code encodes and scores the raw test side."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from evaluation import champion_process
from evaluation.estimates import Estimate
from evaluation.metrics import estimates
from evaluation.model_archive import unpack
from evaluation.outcomes import Outcome
from failures import UserError
from features import Features

MODEL, ORIGIN, NONE = "model.tar.gz", "evaluation.json", "none"
BATCH_ROWS = 1 << 16
LARGEST_PAYLOAD = 1 << 40  # the limit of an endpoint does not apply here


class Incomparable(Exception):
    """Why this model cannot be scored on these rows."""


@dataclass(frozen=True)
class Champion:
    name: str  # of its package, such as churn/7; "" if that is not known
    estimates: dict[str, Estimate] = field(default_factory=dict)
    reason: str = ""  # why it could not be scored; then there are no estimates

    def value(self, metric: str) -> float | None:
        estimate = self.estimates.get(metric)
        return None if estimate is None else estimate.value


def score_champion(
    folder: Path | None, test: Path, features: Features, outcome: Outcome, work: Path
) -> Champion | None:
    """None where there is no champion; ``outcome`` has the rows' true values."""
    origin = _origin(folder)
    if folder is None or origin == NONE:
        return None
    try:
        return Champion(origin, estimates(_score(folder / MODEL, test, features, outcome, work)))
    except Incomparable as error:
        return Champion(origin, reason=" ".join(str(error).split()))


def _origin(folder: Path | None) -> str:
    """Of which package the champion is: what its release wrote beside the model."""
    if folder is None or not ((folder / MODEL).is_file() or (folder / ORIGIN).is_file()):
        return NONE
    file = folder / ORIGIN
    try:
        content = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        name = content.get("champion", "")
    except (ValueError, OSError, AttributeError) as error:
        raise UserError(
            f"the champion's {ORIGIN} is not readable JSON ({error}): give the object that a release to production "
            f'wrote, or {{"champion": "{NONE}"}}'
        ) from error
    return name if isinstance(name, str) and not (name == NONE and (folder / MODEL).is_file()) else ""


def _score(archive: Path, test: Path, features: Features, outcome: Outcome, work: Path) -> Outcome:
    if not archive.is_file():
        raise Incomparable(f"its {MODEL} is not there: the next release to production stores it")
    if not (test / "raw.parquet").is_file():
        raise Incomparable("the test side has no raw.parquet: run preprocess again")
    try:
        unpack(archive, work / "model")
    except UserError as error:
        raise Incomparable(str(error)) from error
    _check_private_columns(work / "model", features)
    work.mkdir(exist_ok=True)
    answers = _answers(work / "model", test / "raw.parquet", work)
    if len(answers) != len(outcome):
        raise Incomparable(f"it gave {len(answers):,} answers to {len(outcome):,} rows")
    return _outcome(answers, features, outcome)


def _check_private_columns(model: Path, features: Features) -> None:
    """These rows have hashes where the champion learned values, or the other way round."""
    try:
        learned = {column.name: column.private for column in Features.read(model / "features.json").columns}
    except (OSError, ValueError, TypeError, KeyError):  # its own code says why
        return
    for column in features.columns:
        if column.private and learned.get(column.name, column.private) != column.private:
            raise Incomparable(f'data.private has changed for the column "{column.name}" since it was trained')


def _answers(model: Path, raw: Path, work: Path) -> pa.Table:
    for number, batch in enumerate(pq.ParquetFile(raw).iter_batches(BATCH_ROWS)):
        pq.write_table(pa.Table.from_batches([batch]), work / f"{number:06}.request.parquet", compression="snappy")
    command = [sys.executable, "-P", champion_process.__file__, str(model), str(work)]
    environment = os.environ | {"PYTHONPATH": str(model / "code"), "MAX_PAYLOAD_BYTES": str(LARGEST_PAYLOAD)}
    ended = subprocess.run(command, env=environment, stderr=subprocess.PIPE, text=True, errors="replace", check=False)
    if ended.returncode:
        lines = ended.stderr.strip().splitlines() or [f"its process ended with code {ended.returncode}"]
        print("\n".join(lines), file=sys.stderr, flush=True)
        raise Incomparable(lines[-1][:300])
    files = sorted(work.glob(f"*{champion_process.ANSWERS}"))
    try:
        return pa.concat_tables([pq.read_table(file) for file in files])
    except (pa.ArrowException, OSError) as error:
        raise Incomparable(f"its answers are not readable as Parquet ({error})") from error


def _outcome(answers: pa.Table, features: Features, outcome: Outcome) -> Outcome:
    """The answers as class numbers and probabilities in the order of this model's classes."""
    classes = features.target.classes
    if not classes:
        values = _column(answers, "value").to_numpy().astype(np.float64)
        return Outcome(outcome.problem, (), outcome.target, values, np.empty((len(values), 0), np.float32))
    given = {name.removeprefix("probability_") for name in answers.column_names if name.startswith("probability_")}
    if given != set(classes):
        raise Incomparable(f"its classes are {_listed(given)}, those of this model {_listed(set(classes))}")
    probabilities = [_column(answers, f"probability_{name}").to_numpy() for name in classes]
    labels = _numbers(_column(answers, "label"), features)
    stacked = np.column_stack(probabilities).astype(np.float32)
    return Outcome(outcome.problem, classes, outcome.target, labels, stacked)


def _column(answers: pa.Table, name: str) -> pa.ChunkedArray:
    if name not in answers.column_names:
        raise Incomparable(f"its answers have no {name}: it was trained for another type of problem")
    if answers[name].null_count:
        raise Incomparable(f"its answers lack some values of {name}")
    return answers[name]


def _numbers(labels: pa.ChunkedArray, features: Features) -> Any:
    coded = labels.combine_chunks().dictionary_encode()
    places = {str(label): number for number, label in enumerate(features.labels)}
    try:
        numbers = np.array([places[str(label)] for label in coded.dictionary.to_pylist()], np.int64)
    except KeyError as error:
        raise Incomparable(f"it answers {error}, which is none of the classes") from error
    return numbers[coded.indices.to_numpy()]


def _listed(names: set[str]) -> str:
    shown = sorted(names)[:5]
    return ", ".join(shown) + (f" and {len(names) - 5} more" if len(names) > 5 else "") if names else "none"
