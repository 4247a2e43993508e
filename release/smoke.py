"""``--smoke``: recorded requests in every format that the live package takes, and a bad one; are the answers right?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from release import samples
from release.context import Site
from release.response_contract import Broken, checked
from release.state.live_package import live
from settings.errors import Problem

ROWS = 5
BAD = {"application/json": b"{", "text/csv": b'"'}  # no row of any model


def smoke(site: Site, expected: str = "") -> tuple[list[str], bool]:
    """A line for each request, and whether all were answered as they must be, by the package that was expected."""
    package = _package(site)
    if expected and package["ModelPackageArn"] != expected:
        return [f"BAD  {site.endpoint} lives on {package['ModelPackageArn']}, not on {expected}"], False
    recorded = samples.read(site, package)
    if not recorded.rows:
        raise Problem(f"there are no recorded requests to send to {site.endpoint}; the line above says why")
    results = list(_results(site, package, recorded))
    return [f"{'ok  ' if good else 'BAD '} {line}" for line, good in results], all(good for _, good in results)


def _package(site: Site) -> dict[str, Any]:
    now = live(site)
    if now.look.status not in ("InService", "Updating", "SystemUpdating", "RollingBack"):
        raise Problem(f"endpoint {site.endpoint} is {now.look.status or 'not there'}: nothing can be sent to it")
    if not now.package:
        raise Problem(f"the live model of {site.endpoint} was not made from a package: nobody knows what to send")
    told: dict[str, Any] = site.client("sagemaker").describe_model_package(ModelPackageName=now.package)
    return told


def _results(site: Site, package: dict[str, Any], recorded: samples.Samples) -> Iterator[tuple[str, bool]]:
    problem = package.get("CustomerMetadataProperties", {}).get("problem", "")
    writers = samples.encoded(recorded, ROWS)
    count = min(ROWS, len(recorded.rows))
    for content_type in package.get("InferenceSpecification", {}).get("SupportedContentTypes", []):
        if content_type in writers:
            yield _good(site, content_type, writers[content_type](), count, problem)
        else:
            yield f"{content_type}: not sent, recorded rows cannot be written so", True
    for content_type, body in BAD.items():
        if content_type in package["InferenceSpecification"].get("SupportedContentTypes", []):
            yield _bad(site, content_type, body)
            return


def _good(site: Site, content_type: str, body: bytes, count: int, problem: str) -> tuple[str, bool]:
    status, answer, answered_type = _ask(site, content_type, body)
    if status != 200:
        return f"{content_type}: answered with {status}: {_line(answer)}", False
    try:
        return f"{content_type}: {checked(answer, answered_type, count, problem)}", True
    except Broken as broken:
        return f"{content_type}: {broken}", False


def _bad(site: Site, content_type: str, body: bytes) -> tuple[str, bool]:
    status, answer, _ = _ask(site, content_type, body)
    told = f"{content_type}, a bad request: answered with {status}"
    if 400 <= status < 500:
        return told, True
    return f"{told}, where a client's mistake must be a 4xx: {_line(answer)}", False


def _ask(site: Site, content_type: str, body: bytes) -> tuple[int, bytes, str]:
    from botocore.exceptions import ClientError

    try:
        answer = site.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=site.endpoint, ContentType=content_type, Accept=content_type, Body=body
        )
        return 200, answer["Body"].read(), answer.get("ContentType", content_type)
    except ClientError as error:
        told: dict[str, Any] = dict(error.response)
        if "OriginalStatusCode" not in told:
            raise  # it did not come from the model
        return int(told["OriginalStatusCode"]), str(told.get("OriginalMessage", error)).encode(), ""


def _line(answer: bytes) -> str:
    return " ".join(answer.decode(errors="replace").split())[:200]
