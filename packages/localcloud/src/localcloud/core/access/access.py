"""Decides whether a principal may make a call, and assumes roles for services."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from localcloud.core.access.principal import ROLE, Principal, service_principal
from localcloud.core.refusal import Refusal


class Moto(Protocol):
    def __call__(self, service: str) -> AbstractContextManager[Any]: ...


class Access:
    """Not ``enforced``, every role can be assumed and every call is allowed."""

    def __init__(self, account: str, region: str, moto: Moto, *, enforced: bool = False) -> None:
        self.account, self.region, self.enforced = account, region, enforced
        self._moto = moto

    def authorize(self, principal: Principal, service: str, operation: str, request: Mapping[str, Any]) -> None:
        """Raises AWS's Refusal. ``service`` is botocore's name, ``request`` in the API's spelling."""

    def assume(self, role_arn: str, session_name: str, *, service: str, source_arn: str = "") -> Principal:  # noqa: ARG002
        """A service's session of a role, if the role's trust policy allows it; else a Refusal."""
        return _session_of(role_arn, "AROA", session_name)

    def assume_role(
        self,
        principal: Principal,
        role_arn: str,
        session_name: str,
        *,
        session_policies: tuple[str, ...] = (),
        context: Mapping[str, tuple[str, ...]] | None = None,  # noqa: ARG002
    ) -> Principal:
        """``context``: further condition keys of the request, such as sts:externalid."""
        role = self._role(role_arn)
        if not role:
            sentence = f"User: {principal.arn} is not authorized to perform: sts:AssumeRole on resource: {role_arn}"
            raise Refusal("AccessDenied", sentence, 403)
        return _session_of(role_arn, role.id, session_name, session_policies)

    def max_session_seconds(self, role_arn: str) -> int:
        role = self._role(role_arn)
        return int(role.max_session_duration or 3600) if role else 3600

    def _role(self, arn: str) -> Any:
        with self._moto("iam") as iam:
            return next((role for role in iam.roles.values() if role.arn == arn), None)

    def service(self, name: str, source_arn: str = "") -> Principal:
        return service_principal(name, self.account, source_arn)


def _session_of(role_arn: str, role_id: str, name: str, policies: tuple[str, ...] = ()) -> Principal:
    account, role = role_arn.split(":")[4], role_arn.rpartition("/")[2]
    arn = f"arn:aws:sts::{account}:assumed-role/{role}/{name}"
    return Principal(ROLE, arn, account, role_arn=role_arn, user_id=f"{role_id}:{name}", session_policies=policies)
