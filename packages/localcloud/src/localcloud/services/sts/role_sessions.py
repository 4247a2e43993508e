"""A session of a role: who may open it, for how long, and the policies that narrow it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from localcloud.core.access.principal import ROLE, Principal
from localcloud.core.refusal import Refusal
from localcloud.core.service import Request

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

DEFAULT_SECONDS = CHAINED_SECONDS = 3600
MOST_POLICY_ARNS, LONGEST_POLICIES = 10, 2048
ARN = ":role/"


class RoleSessions:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def open(self, principal: Principal, request: Request) -> tuple[Principal, int]:
        """The session and its seconds, by a request of AssumeRole; else a Refusal."""
        role, seconds = request["RoleArn"], request.get("DurationSeconds", DEFAULT_SECONDS)
        if ARN not in role or not role.startswith("arn:aws:iam::"):
            raise invalid(f"{role} is invalid")
        policies = tuple(self._policies(request))
        session = self._cloud.access.assume_role(
            principal, role, request["RoleSessionName"], session_policies=policies, context=_context(request)
        )
        if principal.kind == ROLE and seconds > CHAINED_SECONDS:
            limit = "the 1 hour session limit for roles assumed by role chaining"
            raise invalid(f"The requested DurationSeconds exceeds {limit}.")
        if seconds > self._cloud.access.max_session_seconds(role):
            raise invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
        return session, seconds

    def _policies(self, request: Request) -> Iterator[str]:
        """As JSON: the session is allowed what the role and one of these allow."""
        arns, own = [each["arn"] for each in request.get("PolicyArns", [])], request.get("Policy", "")
        if len(arns) > MOST_POLICY_ARNS:
            raise invalid(f"The number of PolicyArns exceeds {MOST_POLICY_ARNS}.")
        if len(own) > LONGEST_POLICIES:
            raise Refusal("PackedPolicyTooLarge", f"The session policy is longer than {LONGEST_POLICIES} characters.")
        if own:
            _check(own)
            yield own
        if arns:
            with self._cloud.moto("iam") as iam:
                yield from [_document(iam.managed_policies, arn) for arn in arns]


def _document(managed: Mapping[str, Any], arn: str) -> str:
    policy = managed.get(arn)
    if policy is None:
        raise _malformed(f"Policy {arn} does not exist or is not attachable.")
    version = next(version for version in policy.versions if version.version_id == policy.default_version_id)
    return str(version.document)


def _check(policy: str) -> None:
    try:
        valid = isinstance(json.loads(policy), dict)
    except ValueError:
        valid = False
    if not valid:
        raise _malformed("The policy is not in the valid JSON format.")


def _context(request: Request) -> dict[str, tuple[str, ...]]:
    """The condition keys of the request."""
    return {"sts:externalid": (request["ExternalId"],)} if "ExternalId" in request else {}


def _malformed(message: str) -> Refusal:
    return Refusal("MalformedPolicyDocument", message)


def invalid(message: str) -> Refusal:
    return Refusal("ValidationError", message)
