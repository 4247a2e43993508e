"""The policies of an account's roles and users, as IAM stores them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from localcloud.core.access.policy import Policy
from localcloud.core.access.principal import ROLE, USER, Principal
from localcloud.core.moto_backends import Backends


@dataclass(frozen=True)
class Role:
    name: str
    arn: str
    id: str
    trust: Policy
    max_session_seconds: int


@dataclass(frozen=True)
class Attached:
    """What is attached to a principal."""

    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None


@lru_cache(maxsize=4096)
def parse(text: str, name: str) -> Policy:
    """Compiled once for each version of a policy."""
    return Policy.parse(text, name)


class IamPolicies:
    def __init__(self, moto: Backends) -> None:
        self._moto = moto

    def role(self, arn: str) -> Role | None:
        with self._moto("iam") as iam:
            role = _find(iam.roles, arn)
            if not role:
                return None
            trust = parse(_text(role.assume_role_policy_document), f"the trust policy of {role.name}")
            return Role(role.name, role.arn, role.id, trust, int(role.max_session_duration or 3600))

    def attached(self, principal: Principal) -> Attached:
        if principal.kind not in (ROLE, USER):
            return Attached()
        with self._moto("iam") as iam:
            if principal.kind == ROLE:
                return self._of_role(iam, principal.role_arn)
            user = _find(iam.users, principal.arn)
            return self._of_user(iam, user) if user else Attached()

    def inline_documents(self, role_arn: str) -> dict[str, str]:
        """By the names of the policies."""
        with self._moto("iam") as iam:
            role = _find(iam.roles, role_arn)
            return {name: _text(document) for name, document in role.policies.items()} if role else {}

    def role_arns(self) -> list[str]:
        with self._moto("iam") as iam:
            return sorted(role.arn for role in iam.roles.values())

    def _of_role(self, iam: Any, arn: str) -> Attached:
        role = _find(iam.roles, arn)
        if not role:
            return Attached()
        identity = (*_inline(role.policies), *_managed(role.managed_policies))
        return Attached(identity, _boundary(iam, role.permissions_boundary_arn))

    def _of_user(self, iam: Any, user: Any) -> Attached:
        identity = [*_inline(user.policies), *_managed(user.managed_policies)]
        for group in iam.get_groups_for_user(user.name):
            identity += [*_inline(group.policies), *_managed(group.managed_policies)]
        return Attached(tuple(identity))


def _find(entities: Mapping[str, Any], arn: str) -> Any:
    return next((entity for entity in entities.values() if entity.arn == arn), None)


def _inline(policies: Mapping[str, Any]) -> list[Policy]:
    return [parse(_text(document), name) for name, document in policies.items()]


def _managed(policies: Mapping[str, Any]) -> list[Policy]:
    return [parse(_text(_default_version(policy)), policy.name) for policy in policies.values()]


def _boundary(iam: Any, arn: str | None) -> Policy | None:
    """A boundary that does not exist allows nothing."""
    if not arn:
        return None
    policy = iam.managed_policies.get(arn)
    return parse(_text(_default_version(policy)) if policy else "{}", policy.name if policy else arn)


def _default_version(policy: Any) -> Any:
    return next((version.document for version in policy.versions if version.is_default), "{}")


def _text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)
