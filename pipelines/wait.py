"""``--wait``: follows a run to its end, then prints the result, or why it failed."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipelines.difference import flatten_steps
from pipelines.executions import Step
from pipelines.failed_steps import explain
from pipelines.progress import Progress
from pipelines.state import parse_definition
from pipelines.watch import LineView, Snapshot, StepsTable, elapsed, follow, now, poll

Client = Callable[[str], Any]


def wait(client: Client, arn: str) -> int:
    """0 when the run succeeded, else 1."""
    sagemaker = client("sagemaker")
    progress = Progress(client)
    with _view(sagemaker, arn) as view:
        final = follow(lambda: poll(client, arn, progress), view)
    print("\n".join(summarize(final, client)), flush=True)
    return 0 if final.execution.succeeded else 1


def _view(sagemaker: Any, arn: str) -> LineView | StepsTable:
    if not sys.stdout.isatty():
        return LineView(lambda line: print(line, flush=True))
    from rich.console import Console

    return StepsTable(_step_names(sagemaker, arn), Console())


def _step_names(sagemaker: Any, arn: str) -> list[str]:
    """The names of all steps; without the permission to read them, the table shows those that have started."""
    try:
        response = sagemaker.describe_pipeline_definition_for_execution(PipelineExecutionArn=arn)
    except Exception:  # noqa: BLE001 - cosmetic only
        return []
    return list(flatten_steps(parse_definition(response["PipelineDefinition"]) or {}))


def summarize(final: Snapshot, client: Client) -> list[str]:
    execution = final.execution
    failed = [line for step in final.steps if step.status == "Failed" for line in explain(step, client)]
    if execution.reason and not execution.succeeded and not failed:
        failed = [execution.reason]
    registered = [_registered(step) for step in final.steps if step.package]
    return [*failed, *registered, f"execution {execution.id}: {execution.status} after {elapsed(execution, now())}"]


def _registered(step: Step) -> str:
    return f"registered {step.package}"


def resume_command(environment: str, config: Path | None, arn: str) -> str:
    """The command that continues the wait."""
    folder = ["--config", str(config)] if config else []
    return shlex.join(["python", "-m", "pipelines.run", "--env", environment, *folder, "--wait", "--execution", arn])
