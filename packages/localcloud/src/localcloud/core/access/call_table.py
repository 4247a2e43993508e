"""calls.toml: which actions AWS checks for a call, where the names do not say it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Row:
    """An action that AWS checks for an operation: ``called``, or beside the called one."""

    action: str  # s3:GetObject
    called: bool
    source: str  # AWS's page about it
    type: str = ""  # resource type, if not all that the action has
    resource: str = ""  # a text with expressions, if it is not by name
    when: str = ""  # an expression: the action is checked if it finds something
    role: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    rows: Mapping[str, tuple[Row, ...]]  # by operation: s3.GetObject
    prefixes: Mapping[str, str]
    patterns: Mapping[str, str]
    variables: Mapping[str, Mapping[str, str]]
    keys: Mapping[str, str]

    def prefix(self, service: str) -> str:
        """Of a service's actions; ``service`` is botocore's name."""
        return self.prefixes.get(service, service)


@cache
def table() -> Table:
    content = tomllib.loads(files(__package__).joinpath("calls.toml").read_text())
    rows: dict[str, list[Row]] = {}
    for page in content.pop("page"):
        for part in ("calls", "beside"):
            for entry in page.get(part, ()):
                for operation in entry.pop("on").split():
                    service, _, name = operation.partition(".")
                    same = f"{content['prefixes'].get(service, service)}:{name}"
                    row = Row(**{"action": same, "called": part == "calls", "source": page["url"], **entry})
                    rows.setdefault(operation, []).append(row)
    return Table({operation: tuple(found) for operation, found in rows.items()}, **content)
