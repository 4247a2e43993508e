"""Starting a run: the parameters that people give, and those that the command finds out by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aws.refusals import is_denied
from pipelines import champion, executions
from pipelines.arguments import Parameter, declared
from pipelines.commit import commit
from pipelines.data_version import data_version
from pipelines.definition import Compiled
from pipelines.deployed import Live, readable, require
from pipelines.difference import same
from settings.errors import UsageProblem

OUTDATED = (
    "the pipeline at AWS differs from this tree (--plan shows how): it runs as it is there, and no commit is noted"
)
Client = Callable[[str], Any]


@dataclass(frozen=True)
class Started:
    arn: str
    values: dict[str, str]
    current: bool  # what runs is what this tree says

    def told(self, pipeline: str) -> str:
        lines = [f"started {pipeline}, execution {self.arn}"]
        lines += [f"{name}={value}" for name, value in self.values.items()]
        return "\n  ".join(lines if self.current else [*lines, f"note: {OUTDATED}"])


def start(client: Client, compiled: Compiled, group: str, values: dict[str, str], tree: Path) -> Started:
    live = require(client("sagemaker"), compiled.name)
    current = _is(live, compiled)
    there = {parameter.name: parameter for parameter in declared(readable(live.definition) or {})}
    _refuse_unknown(values, there)
    chosen = _found(client, group, tree if current else None, there, values) | values
    return Started(executions.start(client("sagemaker"), compiled.name, chosen), chosen, current)


def _found(
    client: Client, group: str, tree: Path | None, there: dict[str, Parameter], values: dict[str, str]
) -> dict[str, str]:
    """What is declared, not given and can be found; the rest stays at its default."""
    data = values.get("DataUri") or (there["DataUri"].default if "DataUri" in there else None)
    finders: dict[str, Callable[[], str | None]] = {
        "GitCommit": lambda: commit(tree) if tree else None,
        "DataVersion": lambda: _data_version(data, client("s3")) if data else None,
        "ChampionEvaluationUri": lambda: champion.evaluation_uri(client("sagemaker"), group),
    }
    found = {name: find() for name, find in finders.items() if name in there and name not in values}
    return {name: value for name, value in found.items() if value}


def _data_version(uri: str, s3: Any) -> str:
    """Where we may not look, a text that never repeats: better no cache than a wrong one."""
    try:
        return data_version(uri, s3)
    except Exception as error:
        if is_denied(error):
            return f"unread-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
        raise


def _refuse_unknown(values: dict[str, str], there: dict[str, Parameter]) -> None:
    unknown = [name for name in values if name not in there]
    if unknown:
        verb = "does" if len(unknown) == 1 else "do"
        raise UsageProblem(f"{', '.join(unknown)} {verb} not exist in the pipeline as it is at AWS: add --upsert")


def _is(live: Live, compiled: Compiled) -> bool:
    return live.definition == compiled.body or same(readable(live.definition), readable(compiled.body))
