"""Sends every known request of a package to the endpoint, and compares each answer with the evaluated model's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from release.context import Context
from release.invocation import invoke
from release.known_requests import KnownRequest, KnownRequests, compare
from release.response_contract import Violation

BATCH = 50
ALONE = 20  # one of so many is sent alone: an answer must not depend on the rows beside it
SHOWN = 5
Line = tuple[str, bool]


def check_answers(context: Context, known: KnownRequests) -> Iterator[Line]:
    """Lines to print, and whether each is good. None where the package promises nothing."""
    if known.fault:
        yield known.fault, False
    if not known.requests:
        if known.uri and not known.fault:
            yield f"known requests: {known.uri} holds none, so no prediction was compared", True
        return
    differences: list[tuple[KnownRequest, str]] = []
    refusals: list[str] = []
    for batch in _batches(known.requests, context.settings.serving.max_payload_bytes):
        try:
            differences += _compare(context, known.content_type, batch)
        except Violation as violation:
            refusals = _refusals(context, known.content_type, batch, violation)
            break
    differences.sort(key=lambda item: item[0].number)
    yield from ((f"{sentence}; {_row(request)}", False) for request, sentence in differences[:SHOWN])
    yield from ((sentence, False) for sentence in refusals)
    yield _summary(known, len(differences), bool(refusals)), not differences and not refusals


def _batches(requests: Sequence[KnownRequest], largest: int) -> Iterator[Sequence[KnownRequest]]:
    """None of more rows or bytes than the model takes."""
    yield from ([request] for request in requests[::ALONE])
    batch: list[KnownRequest] = []
    for request in (request for place, request in enumerate(requests) if place % ALONE):
        if len(batch) == BATCH or (batch and len(_body([*batch, request])) > largest):
            yield batch
            batch = []
        batch.append(request)
    if batch:
        yield batch


def _body(batch: Sequence[KnownRequest]) -> bytes:
    return b"".join(request.body + b"\n" for request in batch)


def _compare(context: Context, content_type: str, batch: Sequence[KnownRequest]) -> list[tuple[KnownRequest, str]]:
    response = invoke(context, content_type, _body(batch))
    if response.status != 200:
        raise Violation(f"status {response.status}: {response.line}")
    sentences = compare(batch, response.body, response.content_type)
    return [(request, sentence) for request, sentence in zip(batch, sentences, strict=True) if sentence]


def _refusals(context: Context, content_type: str, batch: Sequence[KnownRequest], violation: Violation) -> list[str]:
    """Of the whole batch, and of the first row that gets no answer alone."""
    if len(batch) == 1:
        return [f"row {batch[0].number} alone: {violation}; {_row(batch[0])}"]
    sentence = f"rows {batch[0].number} to {batch[-1].number} in one request: {violation}"
    for request in batch:
        try:
            _compare(context, content_type, [request])
        except Violation as alone:
            return [sentence, *_refusals(context, content_type, [request], alone)]
    return [sentence]


def _summary(known: KnownRequests, differences: int, refused: bool) -> str:
    count = len(known.requests)
    if refused:
        return f"known requests: a response was no answer, so the rest of {count} was not sent; {known.uri} has them"
    if differences:
        return f"known requests: {differences} of {count} answers are not the evaluated model's; {known.uri} has them"
    return f"known requests: all {count} answers are the evaluated model's"


def _row(request: KnownRequest) -> str:
    return f"the row is {request.body.decode(errors='replace')[:200]!r}"
