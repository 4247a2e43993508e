"""Recorded requests with the answers that the evaluated model gave: what a model package promises.

Numbers agree within a float tolerance, labels must be equal: Evaluate records no row whose label rests on a rounding.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aws.s3 import split_uri
from release.context import Context
from release.response_contract import Row, parse_response

RELATIVE, ABSOLUTE = 1e-5, 1e-6  # of float32, computed on another machine
CONTENT_TYPE = "text/csv"
SHOWN_CLASSES = 5


@dataclass(frozen=True)
class KnownRequest:
    number: int  # in its file, from 1
    body: bytes  # one raw row
    answer: Row
    covers: Sequence[str] = ()  # why this row was chosen: a level, a missing value, an extreme, a class

    @property
    def problem(self) -> str:
        if self.answer.label is None:
            return "regression"
        return "binary" if len(self.answer.probabilities) == 2 else "multiclass"


@dataclass(frozen=True)
class KnownRequests:
    requests: Sequence[KnownRequest] = ()
    content_type: str = CONTENT_TYPE
    uri: str = ""
    fault: str = ""  # why the package's own cannot be used


def read(context: Context, package: Mapping[str, Any]) -> KnownRequests:
    """Says why there are none; ``fault`` is empty where the package names none, as older ones do."""
    uri = package.get("CustomerMetadataProperties", {}).get("sample_answers", "")
    if not uri:
        context.say("the package names no sample_answers: predictions cannot be compared with the evaluated model's")
        return KnownRequests()
    bucket, key = split_uri(uri)
    try:
        body = context.retry(lambda: context.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
        return parse(body, uri)
    except Exception as error:  # noqa: BLE001 - missing, forbidden or damaged: reported, the caller decides
        fault = f"{uri} cannot be read ({' '.join(str(error).split()) or type(error).__name__})"
        context.say(f"predictions cannot be compared with the evaluated model's, because {fault}")
        return KnownRequests(uri=uri, fault=fault)


def parse(text: bytes | str, uri: str = "") -> KnownRequests:
    document = json.loads(text)
    requests = [_request(number, item) for number, item in enumerate(document["requests"], 1)]
    return KnownRequests(requests, document.get("content_type", CONTENT_TYPE), uri)


def compare(requests: Sequence[KnownRequest], response: bytes, content_type: str) -> list[str]:
    """The difference of each answer, in the order of the requests; Violation when the response is no answer to them."""
    given = parse_response(response, content_type, len(requests), requests[0].problem)
    return [difference(request, row) for request, row in zip(requests, given, strict=True)]


def difference(expected: KnownRequest, given: Row) -> str:
    """Empty when they are equal within the tolerance; else one sentence, without the row's values."""
    promised = expected.answer
    if _same_label(promised.label, given.label) and _same_numbers(
        _numbers(promised, promised), _numbers(promised, given)
    ):
        return ""
    covers = f" ({', '.join(expected.covers)})" if expected.covers else ""
    return f"row {expected.number}{covers}: expected {_text(promised, promised)}, given {_text(promised, given)}"


def _request(number: int, item: Mapping[str, Any]) -> KnownRequest:
    answer = item["answer"]
    probabilities = answer.get("probabilities", {})
    row = Row(answer.get("label"), list(probabilities.values()), answer.get("value"), list(probabilities))
    if (row.label is None) == (row.value is None):
        raise ValueError(f"request {number} has neither a label nor a value, or both")
    return KnownRequest(number, item["body"].encode(), row, tuple(item.get("covers", ())))


def _numbers(promised: Row, given: Row) -> dict[str, Any]:
    """By class. CSV names none: they are in the order of the classes, of two perhaps the positive one alone."""
    if promised.label is None:
        return {"value": given.value}
    classes = given.classes or list(promised.classes)[len(promised.classes) == 2 and len(given.probabilities) == 1 :]
    return dict(zip(classes, given.probabilities, strict=False)) if len(classes) == len(given.probabilities) else {}


def _same_numbers(promised: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    positive_only = len(promised) == 2 and list(given) == list(promised)[1:]
    if set(given) != set(promised) and not positive_only:
        return False
    return all(_close(promised[name], value) for name, value in given.items())


def _close(promised: float, given: Any) -> bool:
    try:
        return not isinstance(given, bool) and math.isclose(promised, float(given), rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    except (TypeError, ValueError):
        return False


def _same_label(promised: Any, given: Any) -> bool:
    """Text and number of one label are equal: CSV has only texts."""
    if promised is None or given is None:
        return promised is given
    try:
        return str(promised) == str(given) or float(promised) == float(given)
    except (TypeError, ValueError):
        return False


def _text(promised: Row, given: Row) -> str:
    if promised.label is None:
        return f"{given.value}"
    numbers = [f"{name} {value}" for name, value in _numbers(promised, given).items()]
    more = f" and {len(numbers) - SHOWN_CLASSES} more" if len(numbers) > SHOWN_CLASSES else ""
    return f"{given.label} ({', '.join(numbers[:SHOWN_CLASSES]) or 'no probabilities'}{more})"
