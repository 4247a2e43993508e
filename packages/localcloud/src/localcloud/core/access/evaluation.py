"""Decides as IAM does within one account.

An explicit deny in any policy wins. What a resource-based policy grants to the caller itself needs no other policy. All
else needs an Allow of an identity-based policy, or one of the resource's for the caller's role, and is limited by the
permissions boundary and the session policies.

Not decided: other accounts, service and resource control policies, the policies of VPC endpoints, federated and
anonymous callers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from localcloud.core.access.context import RequestContext
from localcloud.core.access.policy import Policy
from localcloud.core.access.principal import SERVICE, Principal
from localcloud.core.access.principals import Grant
from localcloud.core.access.statement import ALLOW, DENY, Request, Statement

IDENTITY, RESOURCE = "an identity-based policy", "a resource-based policy"
BOUNDARY, SESSION = "a permissions boundary", "a session policy"


@dataclass(frozen=True)
class Question:
    """``context``: the request's condition keys in lower case; the principal's own are added."""

    principal: Principal
    action: str  # s3:GetObject
    resource: str  # an ARN, or * for an action that has no resources
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Policies:
    """``resource_must_allow``: keys and roles, whose own policy allows, or leaves it to the account's identities."""

    identity: Sequence[Policy] = ()
    boundary: Policy | None = None
    session: Sequence[Policy] | None = None  # None: the session was given none
    resource: Policy | None = None
    resource_must_allow: bool = False


@dataclass(frozen=True)
class Considered:
    """A statement, and why it did or did not apply."""

    kind: str
    policy: str
    statement: str
    effect: str
    applied: bool
    reason: str


@dataclass(frozen=True)
class Decision:
    """``reason`` ends AWS's sentence "... is not authorized to perform: ..."."""

    allowed: bool
    reason: str = ""
    explicit_deny: bool = False
    considered: tuple[Considered, ...] = ()


ALLOWED = Decision(True)


def decide(question: Question, policies: Policies) -> Decision:
    if not question.principal.decided:
        return ALLOWED
    request = request_of(question, policies)
    granted = _resource_grant(request, policies.resource)
    allowed = {kind: _effect(request, attached) for kind, attached in limits(policies)}
    if denying := next((kind for kind, effect in [*allowed.items(), (RESOURCE, granted)] if effect is None), None):
        return Decision(False, f"with an explicit deny in {denying}", explicit_deny=True)
    if granted == Grant.DIRECTLY:
        return ALLOWED
    missing = _missing(question.principal, policies, granted or Grant.NONE, allowed)
    return Decision(False, f"because no {missing} allows the {question.action} action") if missing else ALLOWED


def request_of(question: Question, policies: Policies) -> Request:
    context = RequestContext(question.principal, question.context)
    bounded = policies.boundary is not None
    return Request(question.principal, question.action.lower(), question.resource, context, bounded)


def limits(policies: Policies) -> Iterator[tuple[str, Sequence[Policy]]]:
    """The policies of the caller's side: each kind that there is must allow."""
    yield IDENTITY, policies.identity
    if policies.boundary is not None:
        yield BOUNDARY, (policies.boundary,)
    if policies.session is not None:
        yield SESSION, policies.session


def _missing(principal: Principal, policies: Policies, granted: Grant, allowed: Mapping[str, bool | None]) -> str:
    """The kind of policy that ought to allow."""
    if principal.kind == SERVICE or (policies.resource_must_allow and granted == Grant.NONE):
        return "resource-based policy"
    kinds = (kind for kind in allowed if not allowed[kind] and (kind != IDENTITY or granted != Grant.ROLE))
    return next(kinds, "").partition(" ")[2]


def _effect(request: Request, policies: Iterable[Policy]) -> bool | None:
    """Whether they allow; None if they deny."""
    allowed = False
    for policy in policies:
        for statement in policy.concerning(request):
            if applies_to_identity(request, statement):
                if statement.effect == DENY:
                    return None
                allowed = True
    return allowed


def applies_to_identity(request: Request, statement: Statement) -> bool:
    """An Allow that names principals belongs to a resource: here it allows nothing."""
    return statement.holds(request) and (statement.principals is None or statement.effect == DENY)


def _resource_grant(request: Request, policy: Policy | None) -> Grant | None:
    """The most direct grant; None if the policy denies."""
    granted = Grant.NONE
    for statement in policy.concerning(request) if policy else ():
        if applies_to_resource(request, statement):
            if statement.effect == DENY:
                return None
            granted = max(granted, _grant(request, statement))
    return granted


def applies_to_resource(request: Request, statement: Statement) -> bool:
    """A Deny without principals cannot be read; it denies."""
    if not statement.holds(request):
        return False
    if statement.effect == ALLOW:
        return _grant(request, statement) > Grant.NONE
    return statement.principals is None or statement.principals.denies(request.principal, bounded=request.bounded)


def _grant(request: Request, statement: Statement) -> Grant:
    return statement.principals.grant(request.principal) if statement.principals else Grant.NONE
