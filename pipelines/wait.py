"""``--wait``: follow a run to its end, then say what came out of it, or why it failed."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipelines.deployed import readable
from pipelines.difference import steps as definition_steps
from pipelines.executions import Step
from pipelines.failed_steps import explain
from pipelines.watch import Lines, Snapshot, StepsTable, elapsed, follow, now, poll

Client = Callable[[str], Any]


def wait(client: Client, arn: str) -> int:
    """0 when the run succeeded, else 1."""
    sagemaker = client("sagemaker")
    with _view(sagemaker, arn) as view:
        final = follow(lambda: poll(sagemaker, arn), view)
    print("\n".join(verdict(final, client)), flush=True)
    return 0 if final.execution.succeeded else 1


def _view(sagemaker: Any, arn: str) -> Lines | StepsTable:
    if not sys.stdout.isatty():
        return Lines(lambda line: print(line, flush=True))
    from rich.console import Console

    return StepsTable(_diagram(sagemaker, arn), Console())


def _diagram(sagemaker: Any, arn: str) -> list[str]:
    """The names of all steps; without the right to read them, the table holds those that have begun."""
    try:
        answer = sagemaker.describe_pipeline_definition_for_execution(PipelineExecutionArn=arn)
    except Exception:  # noqa: BLE001 - an embellishment
        return []
    return list(definition_steps(readable(answer["PipelineDefinition"]) or {}))


def verdict(final: Snapshot, client: Client) -> list[str]:
    execution = final.execution
    failed = [line for step in final.steps if step.status == "Failed" for line in explain(step, client)]
    if execution.reason and not execution.succeeded and not failed:
        failed = [execution.reason]
    registered = [_registered(step) for step in final.steps if step.package]
    return [*failed, *registered, f"execution {execution.id}: {execution.status} after {elapsed(execution, now())}"]


def _registered(step: Step) -> str:
    return f"registered {step.package}"


def come_back(environment: str, config: Path | None, arn: str) -> str:
    """The command that takes up the wait again."""
    folder = ["--config", str(config)] if config else []
    return shlex.join(["python", "-m", "pipelines.run", "--env", environment, *folder, "--wait", "--execution", arn])
