"""Decides whether a principal may make a call, and assumes roles for services."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from localcloud.core.access.principal import ROLE, Principal, service_principal


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
        account, name = role_arn.split(":")[4], role_arn.rpartition("/")[2]
        arn = f"arn:aws:sts::{account}:assumed-role/{name}/{session_name}"
        return Principal(ROLE, arn, account, role_arn=role_arn, user_id=f"AROA:{session_name}")

    def service(self, name: str, source_arn: str = "") -> Principal:
        return service_principal(name, self.account, source_arn)
