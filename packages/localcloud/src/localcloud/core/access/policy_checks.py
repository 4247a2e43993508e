"""What AWS's reference does not know of a policy: such a policy is accepted, and allows less than it seems to.

Not checked: principals, and statements with NotAction or NotResource.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from localcloud.core.access.call_table import table
from localcloud.core.access.context import LOCAL
from localcloud.core.access.expressions import HOLE
from localcloud.core.access.object_tags import KEY as OBJECT_TAG
from localcloud.core.access.reference import Action, actions, arn_pattern, find_action, has_service, resource_keys

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
GLOBAL = "aws:"
NOT_SET = re.compile(r"IfExists$|^Null$|Not", re.IGNORECASE)  # operators that hold where the request has no such key
SET_ELSEWHERE = {"kms:resourcealiases", *LOCAL}  # by Access and by the engine


def policy_problems(policy: Mapping[str, Any], *, of_resource: bool = False) -> list[str]:
    """As sentences; ``of_resource``: it is attached to a resource, which "*" stands for."""
    statements = policy["Statement"]
    statements = statements if isinstance(statements, list) else [statements]
    return [
        f"{statement.get('Sid', number)}: {problem}"
        for number, statement in enumerate(statements, 1)
        for problem in _problems(statement, of_resource)
    ]


def _problems(statement: Mapping[str, Any], of_resource: bool) -> Iterator[str]:
    names = {name: _matching(name) for name in _texts(statement.get("Action", ())) if name != "*"}
    yield from (f"the reference has no action {name}" for name, known in names.items() if not known)
    names = {name: known for name, known in names.items() if known}
    resources = _texts(statement.get("Resource", ()))
    if resources and "*" not in resources:
        yield from _resource_problems(names, resources)
    elif not of_resource and len(resources) > 1:
        yield "* makes its other resources superfluous"
    yield from _key_problems(statement, names)


def _matching(name: str) -> list[Action]:
    prefix, _, short = name.lower().partition(":")
    every = actions(prefix) if has_service(prefix) else ()
    found = (find_action(each) for each in every if fnmatchcase(each.lower(), f"{prefix}:{short}"))
    return [action for action in found if action]


def _resource_problems(names: Mapping[str, list[Action]], resources: Sequence[str]) -> Iterator[str]:
    """Of a name with wildcards it is enough if one of its actions is on one of the resources."""
    patterns = {name: [each for action in known for each in _patterns(action)] for name, known in names.items()}
    for name, found in patterns.items():
        if not found:
            yield f"{name} has no resources: only * allows it"
        elif not any(arns_overlap(resource, each) for resource in resources for each in found):
            yield f"{name} is on none of its resources: {', '.join(resources)}"
    for resource in resources:
        if not any(arns_overlap(resource, each) for found in patterns.values() for each in found):
            yield f"none of its actions is on {resource}"


def _patterns(action: Action) -> Iterator[str]:
    """Of the ARNs of its resource types."""
    prefix = action.name.partition(":")[0]
    for name in action.resources:
        for pattern in (arn_pattern(prefix, name), table().patterns.get(f"{prefix}:{name}", "")):
            if pattern and not pattern.startswith("kms:"):
                yield HOLE.sub("*", pattern)


def _key_problems(statement: Mapping[str, Any], names: Mapping[str, list[Action]]) -> Iterator[str]:
    conditions = statement.get("Condition", {}).items()
    for operator, key in ((operator, key) for operator, keys in conditions for key in keys):
        if key.lower().startswith(GLOBAL):
            continue
        if not _is_set(key):
            yield f"localcloud sets no condition key {key}"
        unaware = [name for name, known in names.items() if not any(_knows(action, key) for action in known)]
        if unaware and (len(unaware) == len(names) or not NOT_SET.search(operator)):
            yield f"{', '.join(unaware)}: no condition key {key}"


def _knows(action: Action, key: str) -> bool:
    prefix = action.name.partition(":")[0]
    of_resources = [each for name in action.resources for each in resource_keys(prefix, name)]
    return key.lower() in LOCAL or any(_is_key(key, each) for each in (*action.keys, *of_resources))


def _is_set(key: str) -> bool:
    of_rows = (each for rows in table().rows.values() for row in rows for each in row.keys)
    set_elsewhere = key.lower() in SET_ELSEWHERE or _is_key(key, OBJECT_TAG)
    return set_elsewhere or any(_is_key(key, each) for each in (*table().keys, *of_rows))


def _is_key(key: str, reference: str) -> bool:
    """``aws:RequestTag/${TagKey}`` stands for a key for each tag."""
    start, placeholder, _ = reference.replace("<", "${").partition("${")
    same = key.lower() == reference.lower()
    return same or (bool(placeholder) and key.lower().startswith(start.lower()))


def arns_overlap(first: str, second: str) -> bool:
    """Field by field, as a wildcard stays inside its own; those that an ARN lacks are any."""
    fields = [[*arn.split(":", 5), *"*" * 5][:6] for arn in (first, second)]
    return all(overlap(one, other) for one, other in zip(*fields, strict=True))


def overlap(first: str, second: str) -> bool:
    """Some text matches both; in each, * stands for any."""

    @cache
    def after(i: int, j: int) -> bool:
        if i == len(first) and j == len(second):
            return True
        if first[i : i + 1] == "*":
            return after(i + 1, j) or (j < len(second) and after(i, j + 1))
        if second[j : j + 1] == "*":
            return after(i, j + 1) or (i < len(first) and after(i + 1, j))
        return i < len(first) and j < len(second) and first[i] == second[j] and after(i + 1, j + 1)

    return after(0, 0)


def _texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
