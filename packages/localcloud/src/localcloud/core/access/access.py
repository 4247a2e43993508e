"""Decides whether a principal may make a call, and assumes roles for services and people.

A call needs its own action and what AWS demands beside it (calls.py), such as keys of what is encrypted. Each need is
decided by the policies of the principal, their boundary, their session and the resource.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from localcloud.core.access.calls import Need, Scope, needs
from localcloud.core.access.denials import Denials
from localcloud.core.access.encryption_keys import EncryptionKeys
from localcloud.core.access.evaluation import Decision, Policies, Question, decide
from localcloud.core.access.iam_policies import Attached, IamPolicies, Role, parse
from localcloud.core.access.object_tags import ObjectTags
from localcloud.core.access.permissions import AllowedQuestions, Permission, permissions
from localcloud.core.access.policy import Policy
from localcloud.core.access.principal import ADMINISTRATOR, ROLE, SERVICE, USER, Principal, service_principal
from localcloud.core.access.refusals import denied
from localcloud.core.access.resource_policies import ResourcePolicies
from localcloud.core.moto_backends import Backends

ASSUME = "sts:AssumeRole"
EVERYTHING = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
# EventBridge sends neither account nor rule to a topic or to a key: a statement with these conditions allows nothing.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-troubleshooting.html
WITHOUT_SOURCE = ("events.amazonaws.com", ("sns:", "kms:"))
UNKNOWN_ROLE = "AROAUNKNOWN"


class Access:
    """Not ``enforced``, services can assume every role and every call is allowed."""

    def __init__(self, account: str, region: str, moto: Backends, *, enforced: bool = False) -> None:
        self.enforced = enforced
        self.denials, self.allowed = Denials(), AllowedQuestions()
        self._scope = Scope(account, region)
        self._iam = IamPolicies(moto)
        self.keys, self.resource_policies = EncryptionKeys(moto, self._scope), ResourcePolicies(moto)
        self._object_tags = ObjectTags(moto)

    def reset(self) -> None:
        self.denials.clear()
        self.allowed.clear()

    def decides(self, principal: Principal) -> bool:
        return self.enforced and principal.kind != ADMINISTRATOR

    def authorize(self, principal: Principal, service: str, operation: str, request: Mapping[str, Any]) -> None:
        """Raises AWS's Refusal. ``service`` is botocore's name, ``request`` in the API's spelling."""
        if not self.decides(principal):
            return
        attached = self._iam.attached(principal)
        for need in self._needs(service, operation, request):
            for resource in need.resources:
                question = self._question(principal, need, resource)
                policies = self._policies(question, attached)
                decision = decide(question, policies)
                if not decision.allowed and not self._role_may(need, resource):
                    self._deny(f"{service}.{operation}", question, policies, decision)
                self.allowed.add(question)

    def _policies(self, question: Question, attached: Attached) -> Policies:
        return Policies(
            attached.identity,
            attached.boundary,
            _session(question.principal),
            self.resource_policies.of(question.resource),
            resource_must_allow=question.resource.startswith("arn:aws:kms:") and ":key/" in question.resource,
        )

    def _role_may(self, need: Need, resource: str) -> bool:
        """What the caller lacks, and the role that it passes may have instead."""
        if not need.role:
            return False
        question = self._question(_any_session(need.role), need, resource)
        allowed = self._is_allowed(question)
        if allowed:
            self.allowed.add(question)
        return allowed

    def allows(self, role_arn: str, action: str, resource: str, context: Mapping[str, tuple[str, ...]]) -> bool:
        """Whether the role may; nothing is called. ``context``: condition keys of the request, in lower case."""
        return self._is_allowed(self._question(_any_session(role_arn), Need(action, (resource,), context), resource))

    def _is_allowed(self, question: Question) -> bool:
        return decide(question, self._policies(question, self._iam.attached(question.principal))).allowed

    def permissions(self, role_arn: str) -> list[Permission]:
        """The actions of a role's own policies, and whether a call has needed them so far."""
        questions = self.allowed.of_role(role_arn)
        attached = self._iam.attached(_any_session(role_arn))

        def denied(narrowed: tuple[Policy, ...], question: Question) -> bool:
            policies = self._policies(question, replace(attached, identity=narrowed))
            return not decide(question, policies).allowed

        return permissions(self._iam.inline_documents(role_arn), attached.identity, questions, denied)

    def roles(self) -> list[str]:
        """The ARNs of all roles."""
        return self._iam.role_arns()

    def _needs(self, service: str, operation: str, request: Mapping[str, Any]) -> Iterator[Need]:
        resolved = (self.keys.resolve(need) for need in needs(service, operation, request, self._scope))
        return (need for need in resolved if need)

    def _question(self, principal: Principal, need: Need, resource: str) -> Question:
        name, actions = WITHOUT_SOURCE
        if principal.arn == name and need.action.lower().startswith(actions):
            principal = replace(principal, source_account="", source_arn="")
        tags = self._object_tags.context(need, resource)
        context = {"aws:requestedregion": (self._scope.region,), **tags, **need.context}
        if principal.kind == SERVICE and principal.source_account:
            context["aws:sourceowner"] = (principal.source_account,)
        return Question(principal, need.action, resource, context)

    def _deny(self, call: str, question: Question, policies: Policies, decision: Decision) -> None:
        refusal = denied(call.partition(".")[0], question, decision.reason)
        self.denials.add(call, refusal.message, question, policies)
        raise refusal

    def assume(self, role_arn: str, session_name: str, *, service: str, source_arn: str = "") -> Principal:
        """A service's session of a role, if the role's trust policy allows it; else a Refusal."""
        if not self.enforced:
            return _session_of(role_arn, UNKNOWN_ROLE, session_name)
        return self.assume_role(self.service(service, source_arn), role_arn, session_name)

    def assume_role(
        self,
        principal: Principal,
        role_arn: str,
        session_name: str,
        *,
        session_policies: tuple[str, ...] = (),
        context: Mapping[str, tuple[str, ...]] | None = None,
    ) -> Principal:
        """``context``: further condition keys of the request, such as sts:externalid."""
        role = self._iam.role(role_arn)
        if principal.kind == ADMINISTRATOR:  # what a role trusts is decided for every caller
            principal = replace(principal, kind=USER)
        need = Need(ASSUME, (role_arn,), {"sts:rolesessionname": (session_name,), **(context or {})})
        question = self._question(principal, need, role_arn)
        policies = self._assuming(principal, role)
        decision = decide(question, policies)
        if not role or (self.enforced and not decision.allowed):
            self._deny("sts.AssumeRole", question, policies, decision)
        self.allowed.add(question)
        return _session_of(role_arn, role.id if role else "", session_name, session_policies)

    def _assuming(self, principal: Principal, role: Role | None) -> Policies:
        attached = self._iam.attached(principal)
        root = principal.arn.endswith(":root")
        identity = (parse(EVERYTHING, "the administrator"),) if root else attached.identity
        return Policies(
            identity, attached.boundary, _session(principal), role.trust if role else None, resource_must_allow=True
        )

    def max_session_seconds(self, role_arn: str) -> int:
        role = self._iam.role(role_arn)
        return role.max_session_seconds if role else 3600

    def service(self, name: str, source_arn: str = "") -> Principal:
        return service_principal(name, self._scope.account, source_arn)


def _session(principal: Principal) -> tuple[Policy, ...] | None:
    return tuple(parse(text, "the session policy") for text in principal.session_policies) or None


def _any_session(role_arn: str) -> Principal:
    return _session_of(role_arn, UNKNOWN_ROLE, "any")


def _session_of(role_arn: str, role_id: str, name: str, policies: tuple[str, ...] = ()) -> Principal:
    account, role = role_arn.split(":")[4], role_arn.rpartition("/")[2]
    arn = f"arn:aws:sts::{account}:assumed-role/{role}/{name}"
    return Principal(ROLE, arn, account, role_arn=role_arn, user_id=f"{role_id}:{name}", session_policies=policies)
