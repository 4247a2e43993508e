"""sample_answers.json: raw requests and this model's answers to them, by the code that serves it.

A release sends the requests and compares the answers. Rows are chosen for what they cover: of the predictions every
class, the ends of the scores and the neighbours of the threshold; of each column a missing value, the extremes, every
level and an unknown one. What the sample lacks is derived from one of its rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Any

import numpy as np
import numpy.typing as npt

import inference
from features import Features, Matrix
from http_errors import HttpError
from media_types import CSV, JSON
from payloads import decode, receive
from prediction_writer import Prediction
from sample_rows import Row, SampleRows, as_csv, evenly

LIMIT = 200
MARGIN = 1e-4  # a label that a smaller change of its score would change is not promised
Numbers = npt.NDArray[np.int64]
Aspect = tuple[str, Numbers]  # what it is, and the candidates that have it


@dataclass(frozen=True)
class Candidates:
    """Rows whose answers can be promised."""

    bodies: list[str]
    matrix: Matrix
    labels: Numbers  # class numbers; empty for regression
    scores: npt.NDArray[np.float32]  # of the positive class, of the predicted class, or the value


def document(model: inference.Model, sample: SampleRows, digest: str) -> dict[str, Any]:
    """``digest``: the SHA-256 of the algorithm's file."""
    candidates = _candidates(model, [*sample.rows, *_variants(sample.rows, model.features)])
    chosen = choose(candidates, _aspects(candidates, model), LIMIT)
    requests = [
        {"body": candidates.bodies[number], "answer": _answer(model, candidates.bodies[number]), "covers": covers}
        for number, covers in sorted(chosen.items())
    ]
    return {"model": digest, "content_type": CSV, "requests": requests}


def as_json(content: dict[str, Any]) -> str:
    """One line for each request."""
    lines = ",\n".join(json.dumps(request, ensure_ascii=False) for request in content["requests"])
    head = json.dumps(content | {"requests": []}, ensure_ascii=False, indent=1)
    return head.replace('"requests": []', f'"requests": [\n{lines}\n ]', 1) + "\n"


def choose(candidates: Candidates, aspects: Iterable[Aspect], limit: int) -> dict[int, list[str]]:
    """What each chosen candidate covers, by its number: a row for each aspect, then rows of all scores."""
    chosen: dict[int, list[str]] = {}
    for name, numbers in aspects:
        covering = next((number for number in numbers.tolist() if number in chosen), None)
        if covering is not None:
            chosen[covering].append(name)
        elif len(numbers) and len(chosen) < limit:
            chosen[int(numbers[0])] = [name]
    others = [number for number in np.argsort(candidates.scores, kind="stable").tolist() if number not in chosen]
    return chosen | {others[place]: [] for place in evenly(len(others), limit - len(chosen))}


def _variants(rows: Sequence[Row], features: Features) -> Iterator[Row]:
    """A row for each column without a value, and one with an unknown text."""
    for place, column in enumerate(features.raw[:LIMIT]):
        row = rows[place % len(rows)]
        texts = [""] if column.cells.kind != "categorical" else ["", _unknown(column.levels, features.missing)]
        yield from ((*row[:place], text, *row[place + 1 :]) for text in texts)


def _unknown(levels: Sequence[str], missing: Sequence[str]) -> str:
    text = "unknown level"
    while text in levels or text in missing:
        text += "_"
    return text


def _candidates(model: inference.Model, rows: Iterable[Row]) -> Candidates:
    """Row by row, as most clients send them. A row that the handler refuses alone, such as one of a single column that
    holds the column's name, is no candidate."""
    bodies, matrices = [], []
    for row in rows:
        body = as_csv([row], model.features.delimiter).removesuffix("\n")
        try:
            matrices.append(model.features.encode(model.features.derive(decode(receive(body, CSV), model.features))))
        except HttpError:
            continue
        bodies.append(body)
    matrix = np.concatenate(matrices) if matrices else np.empty((0, len(model.features.columns)), np.float32)
    prediction = inference.predict_matrix(model, matrix)
    scores, firm = _scores(model, prediction)
    kept = np.flatnonzero(firm)
    labels = prediction.labels[kept] if model.features.target.classes else prediction.labels
    return Candidates([bodies[number] for number in kept], matrix[kept], labels, scores[kept])


def _scores(model: inference.Model, prediction: Prediction) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """And whether the label is more than a rounding away from another one."""
    if model.features.problem == "regression":
        return prediction.values, np.ones(len(prediction.values), bool)
    if model.features.problem == "binary":
        scores = prediction.probabilities[:, 1]
        return scores, np.abs(scores - _threshold(model)) > MARGIN
    ordered = np.sort(prediction.probabilities, axis=1)
    return ordered[:, -1], ordered[:, -1] - ordered[:, -2] > MARGIN


def _threshold(model: inference.Model) -> float:
    threshold = model.metadata.get("threshold")
    return 0.5 if threshold is None else float(threshold)


def _answer(model: inference.Model, body: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(inference.respond(model, body, CSV, JSON)[0])["predictions"][0]
    return answer


def _aspects(candidates: Candidates, model: inference.Model) -> Iterator[Aspect]:
    """In turns: where there are too many, every column has some."""
    features = model.features
    columns = [_of_column(features, place, candidates.matrix[:, place]) for place in range(len(features.columns))]
    rounds = zip_longest(_of_predictions(candidates, model), *columns)
    return (aspect for aspect in chain.from_iterable(rounds) if aspect is not None)


def _of_predictions(candidates: Candidates, model: inference.Model) -> Iterator[Aspect]:
    yield from _extremes("score", candidates.scores)
    if model.features.problem == "binary":
        distance = candidates.scores - np.float32(_threshold(model))
        yield "score next below the threshold", _first(np.where(distance < 0, -distance, np.nan))
        yield "score next above the threshold", _first(np.where(distance > 0, distance, np.nan))
    for number, name in enumerate(model.features.target.classes):
        yield f"label {name}", np.flatnonzero(candidates.labels == number)


def _of_column(features: Features, place: int, values: npt.NDArray[np.float32]) -> Iterator[Aspect]:
    column = features.columns[place]
    yield f"{column.name} is missing", np.flatnonzero(np.isnan(values))
    if column.kind != "categorical":
        yield from _extremes(column.name, values)
        return
    for number, level in enumerate(("unknown", *column.levels)):
        yield f"{column.name} is {level}", np.flatnonzero(values == number)


def _extremes(name: str, values: npt.NDArray[np.float32]) -> Iterator[Aspect]:
    yield f"lowest {name}", _first(values)
    yield f"highest {name}", _first(-values)


def _first(values: npt.NDArray[np.float32]) -> Numbers:
    """The places of the lowest value."""
    return np.flatnonzero(values == np.nanmin(values)) if not np.isnan(values).all() else np.empty(0, np.int64)
