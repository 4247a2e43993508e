"""One statement of a policy, compiled: each of its elements is a check that a request passes or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from localcloud.core.access.conditions import Condition, Null, compile_condition
from localcloud.core.access.context import RequestContext
from localcloud.core.access.matching import Pattern, Patterns, action_pattern, resource_pattern
from localcloud.core.access.principal import Principal
from localcloud.core.access.principals import Principals
from localcloud.core.access.texts import texts, values

ALLOW, DENY = "Allow", "Deny"
PRINCIPALS = {"Principal", "NotPrincipal"}
ELEMENTS = {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition", *PRINCIPALS}


@dataclass(frozen=True, slots=True)
class Request:
    principal: Principal
    action: str
    resource: str
    context: RequestContext
    bounded: bool  # the principal has a permissions boundary


class Check(Protocol):
    def holds(self, request: Request) -> bool: ...

    def describe(self, request: Request) -> str:
        """Why it does not hold."""


@dataclass(frozen=True, slots=True)
class Named:
    """The request's action or resource is among the statement's, or with NotAction or NotResource is not."""

    what: str  # the attribute of the request
    names: tuple[str, ...]
    patterns: Patterns
    excluded: bool

    def holds(self, request: Request) -> bool:
        return self.patterns.match(getattr(request, self.what), request.context) != self.excluded

    def describe(self, request: Request) -> str:
        among = "among" if self.excluded else "not among"
        return f"the {self.what} {getattr(request, self.what)} is {among} {', '.join(self.names)}"


@dataclass(frozen=True, slots=True)
class ConditionCheck:
    condition: Condition | Null

    def holds(self, request: Request) -> bool:
        return self.condition.holds(request.context)

    def describe(self, request: Request) -> str:
        return self.condition.describe(request.context)


@dataclass(frozen=True)
class Statement:
    """A statement with a ``problem`` cannot be read: as an Allow it never applies, as a Deny it always does."""

    label: str  # its Sid, or its number
    effect: str
    checks: tuple[Check, ...] = ()  # the action's first
    principals: Principals | None = None
    problem: str = ""

    @classmethod
    def parse(cls, element: Any, number: int, *, variables: bool) -> Statement:
        label = f"statement {number}"
        if not isinstance(element, Mapping):
            return cls(label, "", problem=f"{element!r} is not a statement")
        label, effect = str(element.get("Sid") or label), element.get("Effect")
        if effect not in (ALLOW, DENY):
            return cls(label, "", problem=f"its Effect is {effect!r}, neither Allow nor Deny")
        try:
            checks, principals = tuple(_checks(element, variables)), _principals(element)
        except ValueError as error:
            return cls(label, effect, problem=str(error))
        return cls(label, effect, checks, principals)

    def concerns(self, request: Request) -> bool:
        """Depends on the action only."""
        return bool(self.problem) or self.checks[0].holds(request)

    def holds(self, request: Request) -> bool:
        """All but its principals."""
        if self.problem:
            return self.effect == DENY
        return all(check.holds(request) for check in self.checks)

    def mismatch(self, request: Request) -> str:
        """Which check fails, and why; empty if all hold."""
        if self.problem:
            return f"it cannot be read: {self.problem}"
        return next((check.describe(request) for check in self.checks if not check.holds(request)), "")


def _checks(element: Mapping[str, Any], variables: bool) -> Iterator[Check]:
    if unknown := sorted(map(str, element.keys() - ELEMENTS)):
        raise ValueError(f"it has no element {', '.join(unknown)}")
    yield _named(element, "action", action_pattern)
    if {"Resource", "NotResource"} & element.keys() or not PRINCIPALS & element.keys():
        yield _named(element, "resource", lambda name: resource_pattern(name, variables=variables))
    for operator, keys in _mapping(element.get("Condition", {}), "its Condition").items():
        for key, value in _mapping(keys, operator).items():
            condition = compile_condition(operator, key, values(value, f"the values of {key}"), variables=variables)
            yield ConditionCheck(condition)


def _named(element: Mapping[str, Any], what: str, pattern: Callable[[str], Pattern]) -> Named:
    present = [one for one in (what.title(), f"Not{what.title()}") if one in element]
    if len(present) != 1:
        raise ValueError(f"it needs either {what.title()} or Not{what.title()}")
    names = texts(element[present[0]], f"the values of {present[0]}")
    return Named(what, names, Patterns(map(pattern, names)), present[0].startswith("Not"))


def _principals(element: Mapping[str, Any]) -> Principals | None:
    if not PRINCIPALS & element.keys():
        return None
    if element.keys() >= PRINCIPALS:
        raise ValueError("it has both Principal and NotPrincipal")
    excluded = "NotPrincipal" in element
    return Principals.parse(element["NotPrincipal" if excluded else "Principal"], excluded=excluded)


def _mapping(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise ValueError(f"{what} is {value!r}, not an object")
    return value
