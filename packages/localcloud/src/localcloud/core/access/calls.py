"""What AWS checks for a call: actions, with the resources and the condition keys of its request.

The action has the operation's name, and members of the request name its resources, by the patterns of AWS's reference.
All else is in calls.toml. Not known here: what depends on resources, such as their tags, or the path of a role.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from localcloud.core.access.call_table import Row, table
from localcloud.core.access.expressions import HOLE, fill, members, search, texts, values
from localcloud.core.access.reference import Action, arn_pattern, find_action
from localcloud.core.refusal import not_implemented


@dataclass(frozen=True)
class Scope:
    account: str
    region: str
    partition: str = "aws"


@dataclass(frozen=True)
class Need:
    """The caller must be allowed the action on each of the resources.

    "kms:..." is a key as the caller wrote it (id, alias or ARN), or "kms:" and the ARN of what the key encrypts: a
    bucket, an object, a topic, a queue, a parameter, a secret, an endpoint's configuration. Where that has no key of
    the account, there is no need.
    """

    action: str
    resources: tuple[str, ...]
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    role: str = ""  # it is enough if this role is allowed it


def needs(service: str, operation: str, request: Mapping[str, Any], scope: Scope) -> list[Need]:
    """The called action first, then what AWS demands beside it. ``service`` is botocore's name."""
    call = _Call(service, request, scope)
    rows = table().rows.get(f"{service}.{operation}", ())
    called = [row for row in rows if row.called] or [Row(f"{call.prefix}:{operation}", called=True, source="")]
    if not called[0].action:
        return []
    checked = [need for row in called for need in call.check(row)]
    if not checked:  # no condition holds: at least the action is needed
        checked = [Need(called[0].action, ("*",))]
    return checked + [need for row in rows if not row.called for need in call.check(row)]


class _Call:
    def __init__(self, service: str, request: Mapping[str, Any], scope: Scope) -> None:
        self.prefix, self._request, self._scope = table().prefix(service), request, scope
        self._members = {name.lower(): value for name, value in request.items()}
        self._arns = [text for value in request.values() for text in texts(value) if text.startswith("arn:")]
        self._fixed = {"Partition": scope.partition, "Region": scope.region, "Account": scope.account}

    def check(self, row: Row) -> Iterator[Need]:
        """Nothing if the row's condition does not hold, or if its resource is not in the request."""
        if row.when and not search(row.when, self._request):
            return
        action = find_action(row.action)
        if action is None:
            raise not_implemented(f"the authorization of {row.action}")
        resources = tuple(fill(row.resource, self._value)) if row.resource else self._named(action, row.type)
        if resources:
            keys = {name.lower(): tuple(fill(text, self._value)) for name, text in row.keys.items()}
            role = "".join(fill(row.role, self._value)[:1]) if row.role else ""
            yield Need(row.action, resources, self._context(action) | keys, role)

    def _value(self, expression: str) -> list[str]:
        """Of a hole in a text."""
        fixed = self._fixed.get(expression)
        return [fixed] if fixed is not None else values(expression, self._request)

    def _named(self, action: Action, only: str) -> tuple[str, ...]:
        """The resources of the action's types that the request names."""
        prefix = action.name.partition(":")[0]
        types = {only: True} if only else action.resources
        found = [arn for name, required in types.items() for arn in self._of_type(prefix, name, required)]
        return tuple(dict.fromkeys(found)) or ("*",)

    def _of_type(self, prefix: str, name: str, required: bool) -> list[str]:
        own = table().patterns.get(f"{prefix}:{name}", "")
        pattern = own or arn_pattern(prefix, name)
        variables = [hole for hole in HOLE.findall(pattern) if hole not in self._fixed]
        found = {hole: self._variable(prefix, hole) for hole in variables}
        named = any(found.values())
        arns = [arn for arn in self._arns if _regex(prefix, name).fullmatch(arn)]
        if arns and not (own and named):
            return arns
        if not required and not named:
            return []
        return fill(pattern, lambda hole: found.get(hole) or self._value(hole) or ["*"])

    def _variable(self, prefix: str, name: str) -> list[str]:
        """Of an ARN's pattern: the member of that name, or what calls.toml says."""
        expression = table().variables.get(prefix, {}).get(name)
        if expression:
            return values(expression, self._request)
        return list(texts(self._members.get(name.lower(), self._members.get(f"{name.lower()}s"))))

    def _context(self, action: Action) -> dict[str, tuple[str, ...]]:
        """The keys that the action knows and the request sets. For an action of another service a row says all."""
        context: dict[str, tuple[str, ...]] = {}
        if "kms:CallerAccount" in action.keys:
            context["kms:calleraccount"] = (self._scope.account,)
        if action.name.startswith(f"{self.prefix}:"):
            for key, expression in _keys(action):
                if not members(expression).isdisjoint(self._request):
                    context |= self._key(key, expression)
        return context

    def _key(self, key: str, expression: str) -> dict[str, tuple[str, ...]]:
        """``aws:RequestTag/${TagKey}`` stands for a key for each tag."""
        start, placeholder, _ = key.replace("<", "${").partition("${")
        value = search(expression, self._request)
        if placeholder:
            return {f"{start}{name}".lower(): tuple(texts(item)) for name, item in (value or {}).items()}
        found = tuple(dict.fromkeys(texts(value)))
        return {key.lower(): found} if found else {}


@cache
def _keys(action: Action) -> tuple[tuple[str, str], ...]:
    """Those that a request can say something of, each with its expression. CodeBuild's are the paths of members."""
    paths = {key: key.partition(":")[2] for key in action.keys if key.startswith("codebuild:") and "/" not in key}
    expressions = {**paths, **table().keys}
    return tuple((key, expressions[key]) for key in action.keys if key in expressions)


@cache
def _regex(prefix: str, resource_type: str) -> re.Pattern[str]:
    parts = HOLE.split(arn_pattern(prefix, resource_type))[::2]
    return re.compile(".*".join(re.escape(part) for part in parts))
