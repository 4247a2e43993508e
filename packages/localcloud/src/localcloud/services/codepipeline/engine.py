"""How executions move: stage by stage, and within a stage by the actions' run order. All under the lock.

A stage has one execution at a time, unless the pipeline is PARALLEL. The next ones wait before it: in a SUPERSEDED
pipeline only the newest, which supersedes those that waited; in a QUEUED one all of them, in order.
"""

from __future__ import annotations

import logging
import random
import string
import uuid
from collections.abc import Callable
from typing import Any

from localcloud.core.cloud import Cloud
from localcloud.core.service import Part
from localcloud.services.codepipeline.events import RESUMED, STATES, emit_action, emit_execution, emit_stage
from localcloud.services.codepipeline.pipelines import Pipelines
from localcloud.services.codepipeline.providers import Action, configuration, names, order, provider
from localcloud.services.codepipeline.records import (
    ABANDONED,
    FAILED,
    RUNNING,
    STOPPED,
    STOPPING,
    SUCCEEDED,
    SUPERSEDED,
    ActionRun,
    Artifact,
    Execution,
    Pipeline,
    StageRun,
)
from localcloud.services.codepipeline.variables import DECLARED, EXECUTION, EXECUTION_ID, Unresolved, resolve

log = logging.getLogger(__name__)
Start = Callable[[Execution, ActionRun], None]
LETTERS = string.ascii_letters + string.digits


class ActionFailed(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class Engine(Part):
    def __init__(self, cloud: Cloud, pipelines: Pipelines) -> None:
        self.cloud, self.pipelines = cloud, pipelines
        self.providers: dict[str, Start] = {}  # starts an action: quickly, under the lock
        self.on_rollback: Callable[[Execution, str], None] = lambda *_: None  # for onFailure: ROLLBACK
        pipelines.on_delete = self.abandon_all

    def arrive(self, execution: Execution) -> None:
        """The execution waits before its next stage."""
        pipeline = self.pipelines.by_name[execution.pipeline]
        stage = pipeline.stages[execution.stage["name"]]
        if execution.mode == SUPERSEDED.upper() and not execution.rollback_to:
            for older in [waiting for waiting in stage.waiting if not waiting.rollback_to]:
                stage.waiting.remove(older)
                self.end(older, SUPERSEDED, f"Superseded by execution {execution.id}")
        stage.waiting.insert(0 if execution.rollback_to else len(stage.waiting), execution)
        self.admit(pipeline, execution.stage["name"])

    def admit(self, pipeline: Pipeline, name: str) -> None:
        """Lets waiting executions into the stage."""
        stage = pipeline.stages[name]
        while stage.waiting and stage.inbound.enabled:
            first = stage.waiting[0]
            if (stage.inside and first.mode != "PARALLEL") or not self._may_leave(pipeline, first):
                return
            stage.waiting.pop(0)
            stage.inside.append(first)
            stage.latest = first
            run = first.stages[name] = StageRun(name)
            emit_stage(self.cloud, first, name, "STARTED")
            self.advance(first, run)

    def _may_leave(self, pipeline: Pipeline, execution: Execution) -> bool:
        if not execution.stage_index or execution.rollback_to:
            return True
        before = execution.declaration["stages"][execution.stage_index - 1]["name"]
        return pipeline.stages[before].outbound.enabled

    def advance(self, execution: Execution, run: StageRun) -> None:
        """Starts the next actions of the stage; leaves it when there are none."""
        if run.running or execution.over:
            return
        pending = [action for action in execution.stage["actions"] if action["name"] not in run.done]
        if execution.status == STOPPING:
            self._leave(execution, run, STOPPED)
        elif run.failed:
            self._fail(execution, run)
        elif not pending:
            self._leave(execution, run, SUCCEEDED)
        else:
            first = min(order(action) for action in pending)
            for action in [action for action in pending if order(action) == first]:
                self._start(execution, run, action)
            self.advance(execution, run)

    def resume(self, execution: Execution, run: StageRun, mode: str) -> None:
        """After a failure: the failed actions again, or the whole stage."""
        execution.attempt += 1
        run.status = RUNNING
        run.failed.clear()
        if mode == "ALL_ACTIONS":
            run.done.clear()
        if execution.over:
            execution.status = RUNNING
            self.pipelines.by_name[execution.pipeline].stages[run.name].inside.append(execution)
            emit_execution(self.cloud, execution, RESUMED)
        emit_stage(self.cloud, execution, run.name, RESUMED)
        self.advance(execution, run)

    def finish(self, execution: Execution, run: ActionRun, *, error: ActionFailed | None = None) -> None:
        """From any thread: an action has ended. An action that was abandoned meanwhile changes nothing."""
        with self.cloud.lock:
            pipeline = self.pipelines.by_name.get(execution.pipeline)
            if not pipeline or pipeline.executions.get(execution.id) is not execution or run.status != RUNNING:
                return
            self._conclude(execution, run, error)
            self.advance(execution, execution.stages[run.stage])

    def _conclude(self, execution: Execution, run: ActionRun, error: ActionFailed | None) -> None:
        run.updated = execution.updated = self.cloud.clock.now()
        run.token = ""
        if run.timer:
            run.timer.cancel()
        if error:
            run.status = FAILED
            execution.stages[run.stage].failed.add(run.name)
            run.error = {"code": error.code, "message": error.message} if error.code else {}
            run.summary = run.summary or error.message
        else:
            run.status = SUCCEEDED
            execution.stages[run.stage].done.add(run.name)
            execution.artifacts |= {artifact.name: artifact for artifact in run.outputs}
            if namespace := run.declaration.get("namespace"):
                execution.namespaces[namespace] = run.variables
        emit_action(self.cloud, execution, run)

    def _start(self, execution: Execution, stage: StageRun, action: Action) -> None:
        now = self.cloud.clock.now()
        run = ActionRun(str(uuid.uuid4()), stage.name, action, now, now)
        stage.actions.append(run)
        execution.updated = now
        try:
            namespaces = _namespaces(execution)
            run.resolved = {key: resolve(value, namespaces) for key, value in configuration(action).items()}
            run.inputs = [_input(execution, name) for name in names(action, "inputArtifacts")]
            run.outputs = [self._output(execution, name) for name in names(action, "outputArtifacts")]
            emit_action(self.cloud, execution, run)
            self.providers[provider(action)](execution, run)
        except Unresolved as problem:
            self._conclude(execution, run, ActionFailed("InvalidVariableReference", str(problem)))
        except ActionFailed as problem:
            self._conclude(execution, run, problem)

    def _output(self, execution: Execution, name: str) -> Artifact:
        """The object key that CodePipeline would choose."""
        declaration = execution.declaration
        store: Any = declaration.get("artifactStore") or declaration["artifactStores"][self.cloud.region]
        unique = "".join(random.choices(LETTERS, k=7))  # noqa: S311 - a name, not a secret
        return Artifact(name, store["location"], f"{execution.pipeline[:20]}/{name[:10]}/{unique}")

    def _fail(self, execution: Execution, run: StageRun) -> None:
        on_failure = execution.stage.get("onFailure", {})
        if on_failure.get("result") == "RETRY" and not run.automatic:
            run.automatic, run.last_retry = 1, "AutomatedStageRetry"
            emit_stage(self.cloud, execution, run.name, "FAILED")
            self.resume(execution, run, on_failure.get("retryConfiguration", {}).get("retryMode", "FAILED_ACTIONS"))
        else:
            rolls_back = on_failure.get("result") == "ROLLBACK" and not execution.rollback_to
            self._leave(execution, run, FAILED, rolls_back=rolls_back)

    def retryable(self, execution: Execution, run: StageRun) -> bool:
        """No other execution has entered the stage since."""
        stage = self.pipelines.by_name[execution.pipeline].stages[run.name]
        return not stage.inside and stage.latest is execution

    def _leave(self, execution: Execution, run: StageRun, status: str, *, rolls_back: bool = False) -> None:
        pipeline = self.pipelines.by_name[execution.pipeline]
        pipeline.stages[run.name].inside.remove(execution)
        run.status = status
        emit_stage(self.cloud, execution, run.name, STATES[status])
        if status != SUCCEEDED or execution.in_last_stage:
            self.end(execution, status)
        else:
            execution.stage_index += 1
            self.arrive(execution)
        if rolls_back:
            self.on_rollback(execution, run.name)
        self.admit(pipeline, run.name)

    def end(self, execution: Execution, status: str, summary: str = "") -> None:
        execution.status, execution.summary = status, summary or execution.summary
        execution.updated = self.cloud.clock.now()
        emit_execution(self.cloud, execution)

    def abandon(self, execution: Execution) -> None:
        """Running actions go on, but their results are ignored."""
        run = execution.stages.get(execution.stage["name"])
        for action in run.running if run else []:
            action.status, action.updated, action.token = ABANDONED, self.cloud.clock.now(), ""
            if action.timer:
                action.timer.cancel()
            emit_action(self.cloud, execution, action)
        if run:
            self.advance(execution, run)

    def abandon_all(self, pipeline: Pipeline) -> None:
        for execution in pipeline.executions.values():
            for run in execution.stages.values():
                for action in run.running:
                    action.status = ABANDONED
                    if action.timer:
                        action.timer.cancel()

    def reset(self) -> None:
        for pipeline in self.pipelines.by_name.values():
            self.abandon_all(pipeline)


def _input(execution: Execution, name: str) -> Artifact:
    if name not in execution.artifacts:
        raise ActionFailed("ConfigurationError", f"The artifact {name} does not exist: no earlier action produced it.")
    return execution.artifacts[name]


def _namespaces(execution: Execution) -> dict[str, dict[str, str]]:
    return execution.namespaces | {EXECUTION: {EXECUTION_ID: execution.id}, DECLARED: execution.variables}
