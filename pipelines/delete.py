"""``--delete``: deletes the pipeline and nothing else."""

from __future__ import annotations

import uuid
from typing import Any

from aws.confirmation import Ask, confirm
from pipelines.executions import recent
from pipelines.state import read
from settings.errors import Problem
from settings.model import Settings


def describe_kept(settings: Settings) -> str:
    return f"Models in group {settings.project.group}, data and results in {settings.prefix}, jobs and their logs stay."


def delete(settings: Settings, sagemaker: Any, yes: bool, ask: Ask | None) -> tuple[str, int]:
    """Returns what happened and the exit code. ``ask`` is None without a terminal."""
    name = settings.pipeline_name
    if read(sagemaker, name) is None:
        return f"pipeline {name} does not exist: nothing to delete", 0
    running = [execution.id for execution in recent(sagemaker, name, 100) if execution.running]
    if running:
        raise Problem(f"pipeline {name} is running ({', '.join(running)}): wait for it, or end it with --stop")
    question = f"Delete pipeline {name} and the list of its executions? {describe_kept(settings)}"
    if not yes and not confirm(ask, question, f"pipeline {name}"):
        return "nothing was deleted", 1
    sagemaker.delete_pipeline(PipelineName=name, ClientRequestToken=uuid.uuid4().hex)
    return f"deleted pipeline {name}. {describe_kept(settings)}", 0
