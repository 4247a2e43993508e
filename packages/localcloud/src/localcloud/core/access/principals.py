"""The Principal and NotPrincipal elements of resource-based policies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from localcloud.core.access.principal import SERVICE, Principal
from localcloud.core.access.texts import texts

KINDS = {"AWS", "Service", "Federated", "CanonicalUser"}  # nobody is one of the last two here
ACCOUNT = re.compile(r"(\d{12})|arn:[^:]+:iam::(\d{12}):root")
EVERYONE = "*"


class Grant(IntEnum):
    """How directly a policy names a principal; permissions boundaries and session policies do not limit DIRECTLY."""

    NONE = 0
    ACCOUNT = 1  # leaves it to the identity-based policies of the account
    ROLE = 2  # of a session
    DIRECTLY = 3  # the session, the user, the service, or everyone


@dataclass(frozen=True)
class Principals:
    names: frozenset[str]  # ARNs, and services
    accounts: frozenset[str]
    excluded: bool = False  # NotPrincipal

    @classmethod
    def parse(cls, element: Any, *, excluded: bool = False) -> Principals:
        """A ValueError if the element cannot be read."""
        if element == EVERYONE:
            return cls(frozenset(EVERYONE), frozenset(), excluded)
        if not isinstance(element, Mapping) or not element:
            raise ValueError(f"{element!r} names no principal")
        if unknown := sorted(map(str, element.keys() - KINDS)):
            raise ValueError(f"{', '.join(unknown)} is no kind of principal")
        named = {kind: texts(value, f"the principals of {kind}") for kind, value in element.items()}
        aws, services = named.get("AWS", ()), named.get("Service", ())
        accounts = frozenset(match[1] or match[2] for name in aws if (match := ACCOUNT.fullmatch(name)))
        return cls(frozenset(aws) | (frozenset(services) - {EVERYONE}), accounts, excluded)

    def grant(self, principal: Principal) -> Grant:
        if self.excluded:  # AWS does not support an Allow of all others
            return Grant.NONE
        return self._named(principal)

    def denies(self, principal: Principal, *, bounded: bool) -> bool:
        if not self.excluded:
            return self._named(principal) > Grant.NONE
        return bounded or not self._exempt(principal)  # a principal with a boundary is denied even if it is named

    def _exempt(self, principal: Principal) -> bool:
        """From a Deny with NotPrincipal: AWS needs the account named beside the user or role."""
        if EVERYONE in self.names:
            return True
        named = self._named(principal) > Grant.ACCOUNT
        return named and (principal.kind == SERVICE or principal.account in self.accounts)

    def _named(self, principal: Principal) -> Grant:
        if EVERYONE in self.names or principal.arn in self.names:
            return Grant.DIRECTLY
        if principal.role_arn and principal.role_arn in self.names:
            return Grant.ROLE
        return Grant.ACCOUNT if principal.kind != SERVICE and principal.account in self.accounts else Grant.NONE
