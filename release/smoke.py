"""``--smoke``: sends recorded requests in every format of the live package, and a bad one; checks the responses.

Every known request is sent as well, and each answer compared with the one that the evaluated model gave.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from release import known_requests, samples
from release.context import Context
from release.invocation import invoke
from release.known_answers import Line, check_answers
from release.known_requests import KnownRequest, compare
from release.response_contract import Violation, check_response
from release.samples import Samples
from release.state.live_package import read_live_package
from settings.errors import Problem

ROWS = 5
BAD = {"application/json": b"{", "text/csv": b'"'}  # no row of any model
SERVING = ("InService", "Updating", "SystemUpdating", "RollingBack")


def smoke(context: Context, expected: str = "", bad: bool = True) -> tuple[list[str], bool]:
    """A line for each check, and whether the expected package is live and gave the right response to all. Without
    ``bad`` no bad request is sent, which alarms would count."""
    package, name = _package(context), context.endpoint_name
    if expected and package["ModelPackageArn"] != expected:
        return [f"BAD  {name} runs {package['ModelPackageArn']}, not {expected}"], False
    recorded = samples.read(context, package)
    if not recorded.rows:
        raise Problem(f"there are no recorded requests to send to {name}; the line above says why")
    known = known_requests.read(context, package)
    few = known.requests[:: max(len(known.requests) // ROWS, 1)][:ROWS]
    results = list(_formats(context, package, _rows_of(recorded, few), few))
    results += _refusals(context, package) if bad else []
    results += check_answers(context, known)
    return [f"{'ok  ' if good else 'BAD '} {line}" for line, good in results], all(good for _, good in results)


def _package(context: Context) -> dict[str, Any]:
    live, name = read_live_package(context), context.endpoint_name
    if live.endpoint.status not in SERVING:
        state = live.endpoint.status or "missing"
        raise Problem(f"endpoint {name} is {state}: it takes no requests; wait until it is InService, or deploy")
    if not live.package:
        raise Problem(f"the live model of {name} was not made from a package: there are no recorded requests for it")
    response: dict[str, Any] = context.client("sagemaker").describe_model_package(ModelPackageName=live.package)
    return response


def _rows_of(recorded: Samples, known: Sequence[KnownRequest]) -> Samples:
    """The known requests as rows of the same columns; without any, the first recorded rows."""
    rows = samples.parse_rows(b"\n".join(request.body for request in known).decode(), recorded.delimiter)
    rows = rows or recorded.rows[:ROWS]
    if any(len(row) != len(recorded.names) for row in rows):
        raise Problem(f"the recorded rows have not the columns of their header ({', '.join(recorded.names)})")
    return replace(recorded, rows=rows)


def _formats(context: Context, package: dict[str, Any], rows: Samples, known: Sequence[KnownRequest]) -> Iterator[Line]:
    problem = package.get("CustomerMetadataProperties", {}).get("problem", "")
    content_types = package.get("InferenceSpecification", {}).get("SupportedContentTypes", [])
    writers = samples.writers(rows)
    for content_type in content_types:
        if content_type in writers:
            yield _good(context, content_type, writers[content_type](), len(rows.rows), problem, known)
        else:
            yield f"{content_type}: not sent, there is no writer for this format", True


def _refusals(context: Context, package: dict[str, Any]) -> list[Line]:
    content_types = package.get("InferenceSpecification", {}).get("SupportedContentTypes", [])
    types = [content_type for content_type in BAD if content_type in content_types]
    return [_bad(context, content_type, BAD[content_type]) for content_type in types[:1]]


def _good(
    context: Context, content_type: str, body: bytes, count: int, problem: str, known: Sequence[KnownRequest]
) -> Line:
    response = invoke(context, content_type, body)
    if response.status != 200:
        return f"{content_type}: status {response.status}: {response.line}", False
    try:
        found = check_response(response.body, response.content_type, count, problem)
        differences = compare(known, response.body, response.content_type) if known else []
    except Violation as violation:
        return f"{content_type}: {violation}", False
    first = next(filter(None, differences), "")
    return f"{content_type}: {first or found}", not first


def _bad(context: Context, content_type: str, body: bytes) -> Line:
    response = invoke(context, content_type, body)
    line = f"{content_type}, a bad request: status {response.status}"
    if 400 <= response.status < 500:
        return line, True
    return f"{line}, where a client's error must be a 4xx: {response.line}", False
