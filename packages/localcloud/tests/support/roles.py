"""Roles of tests."""

from __future__ import annotations

import json
from typing import Any

ROLE = "arn:aws:iam::000000000000:role/r"


def create_role(iam: Any, name: str, service: str, *statements: tuple[str, ...]) -> str:
    """Creates a role that a service may assume; its policy allows each statement's actions on all resources, or on
    those after a ``on``: ("s3:GetObject", "on", "arn:..."). Returns its ARN."""
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_document(trust))["Role"]
    allowed = [_allow(*statement) for statement in statements]
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=_document(*allowed))
    return str(role["Arn"])


def _allow(*words: str) -> dict[str, Any]:
    actions, resources = words, ("*",)
    if "on" in words:
        actions, resources = words[: words.index("on")], words[words.index("on") + 1 :]
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
