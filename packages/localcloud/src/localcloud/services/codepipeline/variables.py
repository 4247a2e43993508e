"""``#{namespace.key}`` in an action's configuration: checked when a pipeline is created, resolved before the action."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

REFERENCE = re.compile(r"#\{([A-Za-z0-9@_-]+)\.([A-Za-z0-9@_-]+)\}")
DECLARED, EXECUTION = "variables", "codepipeline"  # namespaces of CodePipeline itself
EXECUTION_ID = "PipelineExecutionId"


class Unresolved(Exception):
    """A sentence that names the variable without a value."""


def references(text: str) -> Iterator[tuple[str, str]]:
    yield from REFERENCE.findall(text)


def resolve(text: str, namespaces: Mapping[str, Mapping[str, str]]) -> str:
    def value(match: re.Match[str]) -> str:
        try:
            return namespaces[match[1]][match[2]]
        except KeyError:
            raise Unresolved(f"the variable {match[0]} has no value: no earlier action set it") from None

    return REFERENCE.sub(value, text)
