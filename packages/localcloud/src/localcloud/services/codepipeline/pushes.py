"""Starts the pipelines that a push triggers."""

from __future__ import annotations

import json
import logging

from localcloud.core.refusal import Refusal
from localcloud.services.codepipeline.executions import Executions
from localcloud.services.codepipeline.pipelines import Pipelines
from localcloud.services.codepipeline.records import Pipeline
from localcloud.services.codepipeline.triggers import Push, matching_source

log = logging.getLogger(__name__)


def start_pipelines(pipelines: Pipelines, executions: Executions, push: Push) -> list[str]:
    """Under the lock; returns a line for each pipeline that the push triggers."""
    return [
        _start(executions, pipeline, push, action, kind)
        for pipeline in list(pipelines.by_name.values())
        for action, kind in matching_source(pipeline.declaration, push)
    ]


def _start(executions: Executions, pipeline: Pipeline, push: Push, action: str, kind: str) -> str:
    override = {"actionName": action, "revisionType": "COMMIT_ID", "revisionValue": push.commit}
    if push.kind == "branch":
        override["branch"] = push.name
    trigger = {"triggerType": kind, "triggerDetail": json.dumps({push.kind: push.name, "commit": push.commit})}
    try:
        execution = executions.start(pipeline, trigger, overrides={action: override})
    except Refusal as refusal:
        log.warning("the push to %s did not start %s: %s", push.name, pipeline.name, refusal.message)
        return f"did not start {pipeline.name}: {refusal.message}"
    return f"started {pipeline.name}, execution {execution.id}"
