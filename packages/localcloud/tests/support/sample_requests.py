"""A request with all members of an operation, by botocore's model: each text is the name of its member."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import botocore.session

from localcloud.core.access.reference import arn_pattern, find_action

DEEPEST = 6
ROLE = "arn:aws:iam::000000000000:role/"
FIXED = {"Partition": "aws", "Region": "eu-west-1", "Account": "000000000000"}


@cache
def model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def sample_request(service: str, operation: str, action: str) -> dict[str, Any]:
    """Members named ...Arn hold an ARN of the action's first resource type, or of a role."""
    shape = model(service).operation_model(operation).input_shape
    request: dict[str, Any] = _sample(shape, "", sample_arn(action), 0) if shape else {}
    return request


def sample_arn(action: str) -> str:
    found = find_action(action)
    if not found or not found.resources:
        return "arn:aws:none:::none"
    first = next((name for name, required in found.resources.items() if required), next(iter(found.resources)))
    pattern = arn_pattern(action.partition(":")[0], first)
    return re.sub(r"\$\{(\w+)\}", lambda hole: FIXED.get(hole[1], f"the{hole[1]}"), pattern)


def _sample(shape: Any, name: str, arn: str, depth: int) -> Any:
    kind = shape.type_name
    if depth > DEEPEST or kind == "timestamp":
        return None
    if kind == "structure":
        samples = {member: _sample(each, member, arn, depth + 1) for member, each in shape.members.items()}
        return {member: value for member, value in samples.items() if value is not None}
    if kind == "list":
        return [_sample(shape.member, name, arn, depth + 1)]
    if kind == "map":
        return {"key": _sample(shape.value, name, arn, depth + 1)}
    if kind == "string":
        return _text(name, arn)
    return {"boolean": True, "blob": b"0" * 40}.get(kind, 1)


def _text(name: str, arn: str) -> str:
    if re.search("role(arn|override)?$", name, re.IGNORECASE):
        return f"{ROLE}{name}"
    special = {"QueueUrl": "http://127.0.0.1/000000000000/QueueName", "ResourceType": "Parameter"}
    if name in special:
        return special[name]
    return arn if re.search("arns?$", name, re.IGNORECASE) else name
