"""Starts a run: with the parameters of the command line, and those that the command determines itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aws.refusals import is_denied
from pipelines import executions
from pipelines.arguments import Parameter, parse_declarations
from pipelines.commit import UNKNOWN, commit
from pipelines.data_version import data_version
from pipelines.definition import Compiled
from pipelines.difference import equal_as_json
from pipelines.state import PipelineState, parse_definition, require
from settings.errors import UsageProblem

OUTDATED = (
    "the pipeline at AWS differs from this tree (--plan shows how): it runs as it is there, and its package records "
    "the commit of the build that uploaded it, if a build did"
)
Client = Callable[[str], Any]


@dataclass(frozen=True)
class StartedRun:
    arn: str
    values: dict[str, str]
    current: bool  # the pipeline at AWS is that of this tree

    def render(self, pipeline: str) -> str:
        lines = [f"started {pipeline}, execution {self.arn}"]
        lines += [f"{name}={value}" for name, value in self.values.items()]
        return "\n  ".join(lines if self.current else [*lines, f"note: {OUTDATED}"])


def start(client: Client, compiled: Compiled, values: dict[str, str], tree: Path) -> StartedRun:
    state = require(client("sagemaker"), compiled.name)
    current = _is_current(state, compiled)
    parameters = parse_declarations(parse_definition(state.definition) or {})
    declarations = {parameter.name: parameter for parameter in parameters}
    _refuse_unknown(values, declarations)
    all_values = _determine_values(client, tree if current else None, declarations, values) | values
    return StartedRun(executions.start(client("sagemaker"), compiled.name, all_values), all_values, current)


def _determine_values(
    client: Client, tree: Path | None, declarations: dict[str, Parameter], values: dict[str, str]
) -> dict[str, str]:
    """Values of declared parameters that are not given and can be determined; the others keep their defaults."""
    data = values.get("DataUri") or (declarations["DataUri"].default if "DataUri" in declarations else None)
    sources: dict[str, Callable[[], str | None]] = {
        "GitCommit": lambda: commit(tree) if tree and declarations["GitCommit"].default == UNKNOWN else None,
        "DataVersion": lambda: _data_version(data, client("s3")) if data else None,
    }
    determined = {name: get() for name, get in sources.items() if name in declarations and name not in values}
    return {name: value for name, value in determined.items() if value}


def _data_version(uri: str, s3: Any) -> str:
    """Where listing is denied, a text that never repeats: no caching rather than a stale result."""
    try:
        return data_version(uri, s3)
    except Exception as error:
        if is_denied(error):
            return f"unread-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
        raise


def _refuse_unknown(values: dict[str, str], declarations: dict[str, Parameter]) -> None:
    unknown = [name for name in values if name not in declarations]
    if unknown:
        verb = "does" if len(unknown) == 1 else "do"
        raise UsageProblem(f"{', '.join(unknown)} {verb} not exist in the pipeline as it is at AWS: add --upsert")


def _is_current(state: PipelineState, compiled: Compiled) -> bool:
    """Whichever commit a build uploaded it from."""
    if state.definition == compiled.body:
        return True
    return equal_as_json(*(_without_commit(body) for body in (state.definition, compiled.body)))


def _without_commit(body: str) -> dict[str, Any] | None:
    definition = parse_definition(body)
    if definition is None:
        return None
    parameters = [each for each in definition.get("Parameters", []) if each.get("Name") != "GitCommit"]
    return definition | {"Parameters": parameters}
