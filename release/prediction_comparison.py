"""Before a person is asked: the candidate on staging and the live model answer the same recorded requests.

Captured traffic of the live endpoint is sent to both as it came. Without any, the candidate's sample rows are sent to
each in the order of its own columns.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from release import names, recorded_traffic, samples
from release.context import Context
from release.invocation import Request, invoke
from release.prediction_changes import Changes, Pair, compare
from release.response_contract import Row, Violation, parse_valid
from release.samples import Samples
from release.state.live_package import read_live_package

MAX_ROWS, BATCH = 2000, 25
TRAFFIC, SAMPLES = "captured traffic", "the package's samples"


@dataclass(frozen=True)
class Comparison:
    text: str  # for the approval
    document: str = ""
    changes: Changes | None = None


@dataclass(frozen=True)
class _Question:
    """One request, as each model gets it."""

    live: Request
    candidate: Request
    rows: Sequence[Mapping[str, str]]


def compare_models(staging: Context, production: Context, package: Mapping[str, Any]) -> Comparison:
    live = read_live_package(production)
    if not live.package:
        return Comparison("No live model to compare predictions with.")
    if read_live_package(staging).package != package["ModelPackageArn"]:
        return Comparison("Predictions were not compared: staging does not serve this package.")
    sagemaker = production.client("sagemaker")
    live_package = sagemaker.describe_model_package(ModelPackageName=live.package)
    source, questions = _questions(production, package, live_package)
    problem = str(package.get("CustomerMetadataProperties", {}).get("problem", ""))
    pairs = [pair for question in questions for pair in _ask(staging, production, question, problem)]
    if not pairs:
        return Comparison(f"Predictions were not compared: {source} gave no answers of the live model.")
    changes, name = compare(pairs, problem), names.short(live.package)
    document = changes.document(source, name, names.short(package["ModelPackageArn"]))
    return Comparison(changes.sentence(source, name), document, changes)


def _questions(
    production: Context, package: Mapping[str, Any], live_package: Mapping[str, Any]
) -> tuple[str, list[_Question]]:
    mine, theirs = samples.read(production, package), samples.read(production, live_package)
    questions, rows = [], 0
    for request in recorded_traffic.read(production):
        named = named_rows(request, theirs)
        rows += len(named)
        if rows > MAX_ROWS:
            break
        if named:
            questions.append(_Question(request, request, named))
    return (TRAFFIC, questions) if questions else (SAMPLES, _of_samples(mine, theirs))


def _of_samples(mine: Samples, theirs: Samples) -> list[_Question]:
    """None where the live model needs columns that these rows have not."""
    if not mine.rows or not set(theirs.names) <= set(mine.names):
        return []
    rows = [dict(zip(mine.names, row, strict=True)) for row in mine.rows]
    batches = [rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]
    return [_Question(_csv(batch, theirs), _csv(batch, mine), batch) for batch in batches]


def _csv(rows: Sequence[Mapping[str, str]], columns: Samples) -> Request:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=columns.delimiter, lineterminator="\n")
    writer.writerows([row[name] for name in columns.names] for row in rows)
    return Request(text.getvalue().encode())


def named_rows(request: Request, columns: Samples) -> list[Mapping[str, str]]:
    """The rows of a request by column; none where it cannot be read, as its rows cannot be counted then."""
    try:
        text = request.body.decode()
        if request.content_type.startswith("text/csv"):
            return _csv_rows(text, columns)
        if "lines" in request.content_type:
            items = [json.loads(line) for line in text.splitlines() if line.strip()]
        else:
            items = json.loads(text)["instances"]
        return [_named(item, columns.names) for item in items]
    except (ValueError, KeyError, TypeError):
        return []


def _csv_rows(text: str, columns: Samples) -> list[Mapping[str, str]]:
    rows = list(samples.parse_rows(text, columns.delimiter))
    order: Sequence[str] = columns.names
    if rows and 2 * len(set(rows[0]) & set(order)) > len(order) > 0:
        order, rows = rows[0], rows[1:]
    return [_named(row, order) for row in rows]


def _named(item: Any, order: Sequence[str]) -> Mapping[str, str]:
    values = item if isinstance(item, dict) else dict(zip(order, item, strict=True)) if len(item) == len(order) else {}
    return {str(name): "" if value is None else str(value) for name, value in values.items()}


def _ask(staging: Context, production: Context, question: _Question, problem: str) -> list[Pair]:
    """None where the live model gives no answer either: there is nothing to compare with."""
    live = _answers(production, question.live, len(question.rows), problem)
    if live is None:
        return []
    given = _answers(staging, question.candidate, len(question.rows), problem)
    candidate: Sequence[Row | None] = [None] * len(live) if given is None else given
    return [Pair(*each) for each in zip(question.rows, live, candidate, strict=True)]


def _answers(context: Context, request: Request, count: int, problem: str) -> list[Row] | None:
    response = context.retry(lambda: invoke(context, request.content_type, request.body))
    if response.status != 200:
        return None
    try:
        return parse_valid(response.body, response.content_type, count, problem)
    except Violation:
        return None
