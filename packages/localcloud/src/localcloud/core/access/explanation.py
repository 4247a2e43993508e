"""Why a call is allowed or not: every statement that is looked at, for ``localcloud explain``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from localcloud.core.access.evaluation import (
    RESOURCE,
    Considered,
    Decision,
    Policies,
    Question,
    applies_to_identity,
    applies_to_resource,
    decide,
    limits,
    request_of,
)
from localcloud.core.access.policy import Policy
from localcloud.core.access.statement import Request, Statement

Applies = Callable[[Request, Statement], bool]


def explain(question: Question, policies: Policies) -> Decision:
    """The decision with the statements of every policy, in the order of their kinds."""
    return replace(decide(question, policies), considered=tuple(_considered(question, policies)))


def _considered(question: Question, policies: Policies) -> Iterator[Considered]:
    request = request_of(question, policies)
    for kind, attached in limits(policies):
        for policy in attached:
            yield from _statements(request, kind, policy, applies_to_identity)
    if policies.resource:
        yield from _statements(request, RESOURCE, policies.resource, applies_to_resource)


def _statements(request: Request, kind: str, policy: Policy, applies: Applies) -> Iterator[Considered]:
    for statement in policy.statements:
        applied = applies(request, statement)
        reason = statement.mismatch(request) or ("it applies" if applied else _principal_mismatch(request, kind))
        yield Considered(kind, policy.name, statement.label, statement.effect, applied, reason)


def _principal_mismatch(request: Request, kind: str) -> str:
    if kind == RESOURCE:
        return f"its principals do not name {request.principal.arn}"
    return f"it names principals, which {kind} must not"
