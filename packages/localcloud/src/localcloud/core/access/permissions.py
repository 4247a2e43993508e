"""Which permissions of a role its calls have needed: found by taking each away and deciding the same calls again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from threading import Lock
from typing import Any

from localcloud.core.access.evaluation import Question
from localcloud.core.access.iam_policies import parse
from localcloud.core.access.policy import Policy

MOST_QUESTIONS = 1000  # of each action of a role
Denied = Callable[[tuple[Policy, ...], Question], bool]


@dataclass(frozen=True)
class Permission:
    policy: str
    statement: str  # its Sid, or its number
    action: str
    needed: bool = False


class AllowedQuestions:
    """What was allowed, each once."""

    def __init__(self) -> None:
        self._questions: dict[tuple[str, str], dict[tuple[Any, ...], Question]] = {}  # by role and action
        self._lock = Lock()

    def add(self, question: Question) -> None:
        role = question.principal.role_arn
        alike = self._questions.get((role, question.action), {})
        key = (question.resource, frozenset(question.context.items()))
        if role and key not in alike and len(alike) < MOST_QUESTIONS:
            with self._lock:
                self._questions.setdefault((role, question.action), {})[key] = question

    def of_role(self, arn: str) -> list[Question]:
        with self._lock:
            by_action = [alike for (role, _), alike in self._questions.items() if role == arn]
            return [question for alike in by_action for question in alike.values()]

    def clear(self) -> None:
        with self._lock:
            self._questions.clear()


def permissions(
    documents: Mapping[str, str], policies: Sequence[Policy], questions: Sequence[Question], denied: Denied
) -> list[Permission]:
    """``documents``: the role's inline policies; ``policies``: all of its policies, ``denied``: whether a question is
    denied under others."""
    return [
        replace(
            permission, needed=_is_needed(permission.action, _replaced(policies, name, narrowed), questions, denied)
        )
        for name, document in documents.items()
        for permission, narrowed in _narrowed(name, json.loads(document))
    ]


def _is_needed(action: str, others: tuple[Policy, ...], questions: Sequence[Question], denied: Denied) -> bool:
    """Without it only calls of the action itself can be denied."""
    concerned = (question for question in questions if fnmatchcase(question.action.lower(), action.lower()))
    return any(denied(others, question) for question in concerned)


def _narrowed(name: str, document: dict[str, Any]) -> Iterator[tuple[Permission, str]]:
    """Each Allow without one of its actions."""
    statements = _listed(document["Statement"])
    for number, statement in enumerate(statements):
        actions = _listed(statement.get("Action", []))
        for action in actions if statement["Effect"] == "Allow" else ():
            others = [other for other in actions if other != action]
            rest = [
                *statements[:number],
                *([{**statement, "Action": others}] if others else []),
                *statements[number + 1 :],
            ]
            permission = Permission(name, statement.get("Sid") or str(number + 1), action)
            yield permission, json.dumps({**document, "Statement": rest})


def _replaced(policies: Sequence[Policy], name: str, document: str) -> tuple[Policy, ...]:
    return tuple(parse(document, name) if policy.name == name else policy for policy in policies)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
