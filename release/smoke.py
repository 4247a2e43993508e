"""``--smoke``: sends recorded requests in every format of the live package, and a bad one; checks the responses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from release import samples
from release.context import Context
from release.response_contract import Violation, check_response
from release.state.live_package import read_live_package
from settings.errors import Problem

ROWS = 5
BAD = {"application/json": b"{", "text/csv": b'"'}  # no row of any model
SERVING = ("InService", "Updating", "SystemUpdating", "RollingBack")


def smoke(context: Context, expected: str = "") -> tuple[list[str], bool]:
    """A line for each request, and whether the expected package is live and gave the right response to all."""
    package, name = _package(context), context.endpoint_name
    if expected and package["ModelPackageArn"] != expected:
        return [f"BAD  {name} runs {package['ModelPackageArn']}, not {expected}"], False
    recorded = samples.read(context, package)
    if not recorded.rows:
        raise Problem(f"there are no recorded requests to send to {name}; the line above says why")
    results = list(_results(context, package, recorded))
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


def _results(context: Context, package: dict[str, Any], recorded: samples.Samples) -> Iterator[tuple[str, bool]]:
    problem = package.get("CustomerMetadataProperties", {}).get("problem", "")
    writers = samples.writers(recorded, ROWS)
    count = min(ROWS, len(recorded.rows))
    for content_type in package.get("InferenceSpecification", {}).get("SupportedContentTypes", []):
        if content_type in writers:
            yield _good(context, content_type, writers[content_type](), count, problem)
        else:
            yield f"{content_type}: not sent, there is no writer for this format", True
    for content_type, body in BAD.items():
        if content_type in package["InferenceSpecification"].get("SupportedContentTypes", []):
            yield _bad(context, content_type, body)
            return


def _good(context: Context, content_type: str, body: bytes, count: int, problem: str) -> tuple[str, bool]:
    status, response, response_type = _invoke(context, content_type, body)
    if status != 200:
        return f"{content_type}: status {status}: {_line(response)}", False
    try:
        return f"{content_type}: {check_response(response, response_type, count, problem)}", True
    except Violation as violation:
        return f"{content_type}: {violation}", False


def _bad(context: Context, content_type: str, body: bytes) -> tuple[str, bool]:
    status, response, _ = _invoke(context, content_type, body)
    line = f"{content_type}, a bad request: status {status}"
    if 400 <= status < 500:
        return line, True
    return f"{line}, where a client's error must be a 4xx: {_line(response)}", False


def _invoke(context: Context, content_type: str, body: bytes) -> tuple[int, bytes, str]:
    from botocore.exceptions import ClientError

    try:
        response = context.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=context.endpoint_name, ContentType=content_type, Accept=content_type, Body=body
        )
        return 200, response["Body"].read(), response.get("ContentType", content_type)
    except ClientError as error:
        details: dict[str, Any] = dict(error.response)
        if "OriginalStatusCode" not in details:
            raise  # it did not come from the model
        return int(details["OriginalStatusCode"]), str(details.get("OriginalMessage", error)).encode(), ""


def _line(response: bytes) -> str:
    return " ".join(response.decode(errors="replace").split())[:200]
