"""Universal targets: ``arn:aws:scheduler:::aws-sdk:<service>:<operation>``, any call of boto3's, to this cloud.

The input names the parameters as boto3 does (SageMaker's begin with a capital, CodePipeline's do not).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from localcloud.services.events.targets import Undelivered

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

ARN = re.compile(r"arn:aws[a-z-]*:scheduler:::aws-sdk:([a-z0-9]+):([a-zA-Z0-9]+)")
CALLED_ELSE = {"cloudwatchlogs": "logs", "eventbridge": "events", "sfn": "stepfunctions"}  # by boto3
READS = (
    *("get", "describe", "list", "poll", "receive", "search", "scan", "query", "select", "read", "lookup", "discover"),
    *("validate", "batchGet", "batchDescribe", "batchRead", "transactGet", "adminGet", "adminList", "testMigration"),
    *("retrieve", "testConnection", "translateDocument", "isAuthorized", "invokeModel"),
)  # as AWS lists them


def is_universal(arn: str) -> bool:
    return ":aws-sdk:" in arn


def problems(arn: str, text: str | None) -> Iterator[str]:
    found = ARN.fullmatch(arn)
    service = _service(found[1]) if found else ""
    if not found or not service:
        yield f"{arn} is no universal target: arn:aws:scheduler:::aws-sdk:service:apiAction with a service of AWS."
    elif not _operation(service, found[2]):
        yield f"{arn} is not valid: {found[1]} has no operation {found[2]}."
    elif found[2].startswith(READS):
        yield f"{arn} is not valid: a schedule cannot call operations that only read."
    if text is not None and not isinstance(_loaded(text), dict):
        yield "Input of a universal target must be a JSON object: the parameters of the operation."


def call(cloud: Cloud, arn: str, text: str) -> None:
    from botocore import xform_name
    from botocore.exceptions import ParamValidationError

    found, parameters = ARN.fullmatch(arn), _loaded(text)
    if not found or not isinstance(parameters, dict):
        raise Undelivered("INVALID_PARAMETER", f"The input of {arn} is no JSON object: {text}")
    service = _service(found[1])
    try:
        getattr(cloud.client(service), xform_name(_operation(service, found[2])))(**parameters)
    except ParamValidationError as error:
        raise Undelivered("INVALID_PARAMETER", str(error)) from None


@cache
def _service(name: str) -> str:
    """boto3's name; "" when there is none."""
    import botocore.session

    known: dict[str, str] = {
        each.replace("-", ""): each for each in botocore.session.get_session().get_available_services()
    }
    return known.get(CALLED_ELSE.get(name, name), "")


def _operation(service: str, name: str) -> str:
    """As the model spells it; "" when there is none."""
    from localcloud.core.protocols import model

    spelled = name[0].upper() + name[1:]
    return spelled if spelled in model(service).operation_names else ""


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
