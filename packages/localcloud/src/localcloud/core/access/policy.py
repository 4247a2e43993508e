"""A policy, compiled once and evaluated many times."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from localcloud.core.access.statement import Request, Statement

WITH_VARIABLES = "2012-10-17"


@dataclass(frozen=True)
class Policy:
    name: str
    statements: tuple[Statement, ...]
    _by_action: dict[str, tuple[Statement, ...]] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def parse(cls, document: str | Mapping[str, Any], name: str = "") -> Policy:
        """Never an error: what cannot be read allows nothing."""
        try:
            policy = json.loads(document) if isinstance(document, str) else document
        except (ValueError, RecursionError) as error:
            return cls._unreadable(name, f"the policy is not JSON: {error}")
        if not isinstance(policy, Mapping) or "Statement" not in policy:
            return cls._unreadable(name, "the policy has no Statement")
        elements, variables = policy["Statement"], policy.get("Version") == WITH_VARIABLES
        elements = elements if isinstance(elements, list | tuple) else [elements]
        parsed = (Statement.parse(one, number, variables=variables) for number, one in enumerate(elements, 1))
        return cls(name, tuple(parsed))

    def concerning(self, request: Request) -> tuple[Statement, ...]:
        """The statements about the request's action."""
        if (statements := self._by_action.get(request.action)) is None:
            statements = tuple(statement for statement in self.statements if statement.concerns(request))
            self._by_action[request.action] = statements
        return statements

    @classmethod
    def _unreadable(cls, name: str, problem: str) -> Policy:
        return cls(name, (Statement("the document", "", problem=problem),))
