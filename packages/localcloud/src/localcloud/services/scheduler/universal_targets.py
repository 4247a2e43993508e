"""Universal targets: ``arn:aws:scheduler:::aws-sdk:<service>:<operation>``, any call of boto3 to this cloud.

The input spells the parameters as boto3 does (SageMaker's begin with a capital, CodePipeline's do not).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from localcloud.core.protocols import model
from localcloud.services.events.invocation import DeliveryFailure

ARN = re.compile(r"arn:aws[a-z-]*:scheduler:::aws-sdk:([a-z0-9]+):([a-zA-Z0-9]+)")
BOTO3_NAMES = {"cloudwatchlogs": "logs", "eventbridge": "events", "sfn": "stepfunctions"}
READS = (
    *("get", "describe", "list", "poll", "receive", "search", "scan", "query", "select", "read", "lookup", "discover"),
    *("validate", "batchGet", "batchDescribe", "batchRead", "transactGet", "adminGet", "adminList", "testMigration"),
    *("retrieve", "testConnection", "translateDocument", "isAuthorized", "invokeModel"),
)  # as AWS lists them


def is_universal(arn: str) -> bool:
    return ":aws-sdk:" in arn


def problems(arn: str, text: str | None) -> Iterator[str]:
    match = ARN.fullmatch(arn)
    service = _service(match[1]) if match else ""
    if not match or not service:
        yield f"{arn} is not a universal target: arn:aws:scheduler:::aws-sdk:service:apiAction with a service of AWS."
    elif not _operation(service, match[2]):
        yield f"{arn} is not valid: {match[1]} has no operation {match[2]}."
    elif match[2].startswith(READS):
        yield f"{arn} is not valid: a schedule cannot call operations that only read."
    if text is not None and not isinstance(_parsed(text), dict):
        yield "Input of a universal target must be a JSON object: the parameters of the operation."


def call(client: Callable[[str], Any], arn: str, text: str) -> None:
    from botocore import xform_name
    from botocore.exceptions import ParamValidationError

    match, parameters = ARN.fullmatch(arn), _parsed(text)
    if not match or not isinstance(parameters, dict):
        raise DeliveryFailure("INVALID_PARAMETER", f"The input of {arn} is not a JSON object: {text}")
    service = _service(match[1])
    try:
        getattr(client(service), xform_name(_operation(service, match[2])))(**parameters)
    except ParamValidationError as error:
        raise DeliveryFailure("INVALID_PARAMETER", str(error)) from None


@cache
def _service(name: str) -> str:
    """boto3's name; "" when there is none."""
    import botocore.session

    services = botocore.session.get_session().get_available_services()
    by_name: dict[str, str] = {service.replace("-", ""): service for service in services}
    return by_name.get(BOTO3_NAMES.get(name, name), "")


def _operation(service: str, name: str) -> str:
    """As the model spells it; "" when there is none."""
    spelled = name[0].upper() + name[1:]
    return spelled if spelled in model(service).operation_names else ""


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
