"""How executions move: one stage after the other, and in it the actions by their run order. All under the lock.

A stage has one execution at a time, unless the pipeline is PARALLEL. Who comes next waits before it: in a SUPERSEDED
pipeline the newest one only, which supersedes those that waited; in a QUEUED one all of them, in their order.
"""

from __future__ import annotations

import logging
import random
import string
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from localcloud.services.codepipeline import events
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
from localcloud.services.codepipeline.variables import DECLARED, EXECUTION_ID, OWN, Unresolved, resolved

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

log = logging.getLogger(__name__)
Begin = Callable[[Execution, ActionRun], None]
LETTERS = string.ascii_letters + string.digits


class ActionFailed(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class Engine(Pipelines):
    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.begins: dict[str, Begin] = {}  # how an action of each provider begins: quickly, under the lock

    def arrive(self, execution: Execution) -> None:
        """Before the stage ``execution.place``."""
        pipeline = self.pipelines[execution.pipeline]
        stage = pipeline.stages[execution.stage["name"]]
        if execution.mode == SUPERSEDED.upper() and not execution.rollback_to:
            for older in [one for one in stage.waiting if not one.rollback_to]:
                stage.waiting.remove(older)
                self.end(older, SUPERSEDED, f"Superseded by execution {execution.id}")
        stage.waiting.insert(0 if execution.rollback_to else len(stage.waiting), execution)
        self.admit(pipeline, execution.stage["name"])

    def admit(self, pipeline: Pipeline, name: str) -> None:
        """Whoever waits before the stage and may go in."""
        stage = pipeline.stages[name]
        while stage.waiting and stage.inbound.enabled:
            first = stage.waiting[0]
            if (stage.inside and first.mode != "PARALLEL") or not self._let_out(pipeline, first):
                return
            stage.waiting.pop(0)
            stage.inside.append(first)
            stage.latest = first
            run = first.stages[name] = StageRun(name)
            events.stage_changed(self.cloud, first, name, "STARTED")
            self.advance(first, run)

    def _let_out(self, pipeline: Pipeline, execution: Execution) -> bool:
        if not execution.place or execution.rollback_to:
            return True
        before = execution.declaration["stages"][execution.place - 1]["name"]
        return pipeline.stages[before].outbound.enabled

    def advance(self, execution: Execution, run: StageRun) -> None:
        """Begin what is next in the stage; leave it when nothing is."""
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
                self._begin(execution, run, action)
            self.advance(execution, run)

    def resume(self, execution: Execution, run: StageRun, mode: str) -> None:
        """Again, after a failure: what failed, or all of the stage."""
        execution.attempt += 1
        run.status = RUNNING
        run.failed.clear()
        if mode == "ALL_ACTIONS":
            run.done.clear()
        if execution.over:
            execution.status = RUNNING
            self.pipelines[execution.pipeline].stages[run.name].inside.append(execution)
            events.execution_changed(self.cloud, execution, events.RESUMED)
        events.stage_changed(self.cloud, execution, run.name, events.RESUMED)
        self.advance(execution, run)

    def finish(self, execution: Execution, run: ActionRun, *, error: ActionFailed | None = None) -> None:
        """From any thread: an action is over. One that was abandoned meanwhile changes nothing."""
        with self.cloud.lock:
            pipeline = self.pipelines.get(execution.pipeline)
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
            if space := run.declaration.get("namespace"):
                execution.spaces[space] = run.variables
        events.action_changed(self.cloud, execution, run)

    def _begin(self, execution: Execution, stage: StageRun, action: Action) -> None:
        now = self.cloud.clock.now()
        run = ActionRun(str(uuid.uuid4()), stage.name, action, now, now)
        stage.actions.append(run)
        execution.updated = now
        try:
            run.resolved = {key: resolved(it, self._spaces(execution)) for key, it in configuration(action).items()}
            run.inputs = [_input(execution, name) for name in names(action, "inputArtifacts")]
            run.outputs = [self._output(execution, name) for name in names(action, "outputArtifacts")]
            events.action_changed(self.cloud, execution, run)
            self.begins[provider(action)](execution, run)
        except Unresolved as problem:
            self._conclude(execution, run, ActionFailed("InvalidVariableReference", str(problem)))
        except ActionFailed as problem:
            self._conclude(execution, run, problem)

    def _spaces(self, execution: Execution) -> dict[str, dict[str, str]]:
        own = {OWN: {EXECUTION_ID: execution.id}, DECLARED: execution.variables}
        return execution.spaces | own

    def _output(self, execution: Execution, name: str) -> Artifact:
        """As CodePipeline names its objects."""
        declaration = execution.declaration
        store: Any = declaration.get("artifactStore") or declaration["artifactStores"][self.cloud.region]
        unique = "".join(random.choices(LETTERS, k=7))  # noqa: S311 - a name, not a secret
        return Artifact(name, store["location"], f"{execution.pipeline[:20]}/{name[:10]}/{unique}")

    def _fail(self, execution: Execution, run: StageRun) -> None:
        on_failure = execution.stage.get("onFailure", {})
        if on_failure.get("result") == "RETRY" and not run.automatic:
            run.automatic, run.last_retry = 1, "AutomatedStageRetry"
            events.stage_changed(self.cloud, execution, run.name, "FAILED")
            self.resume(execution, run, on_failure.get("retryConfiguration", {}).get("retryMode", "FAILED_ACTIONS"))
        else:
            rolls_back = on_failure.get("result") == "ROLLBACK" and not execution.rollback_to
            self._leave(execution, run, FAILED, rolls_back=rolls_back)

    def retryable(self, execution: Execution, run: StageRun) -> bool:
        """No other execution has gone into the stage since."""
        stage = self.pipelines[execution.pipeline].stages[run.name]
        return not stage.inside and stage.latest is execution

    def roll_back_by_itself(self, execution: Execution, stage: str) -> None:
        """What onFailure: ROLLBACK asks for; the part that starts executions does it."""

    def _leave(self, execution: Execution, run: StageRun, status: str, *, rolls_back: bool = False) -> None:
        pipeline = self.pipelines[execution.pipeline]
        pipeline.stages[run.name].inside.remove(execution)
        run.status = status
        events.stage_changed(self.cloud, execution, run.name, events.STATES[status])
        if status != SUCCEEDED or execution.at_its_last:
            self.end(execution, status)
        else:
            execution.place += 1
            self.arrive(execution)
        if rolls_back:
            self.roll_back_by_itself(execution, run.name)
        self.admit(pipeline, run.name)

    def end(self, execution: Execution, status: str, summary: str = "") -> None:
        execution.status, execution.summary = status, summary or execution.summary
        execution.updated = self.cloud.clock.now()
        events.execution_changed(self.cloud, execution)

    def abandon(self, execution: Execution) -> None:
        """What runs is left alone: its results are not wanted any more."""
        run = execution.stages.get(execution.stage["name"])
        for action in run.running if run else []:
            action.status, action.updated, action.token = ABANDONED, self.cloud.clock.now(), ""
            if action.timer:
                action.timer.cancel()
            events.action_changed(self.cloud, execution, action)
        if run:
            self.advance(execution, run)

    def deleted(self, pipeline: Pipeline) -> None:
        for execution in pipeline.executions.values():
            for run in execution.stages.values():
                for action in run.running:
                    action.status = ABANDONED
                    if action.timer:
                        action.timer.cancel()

    def reset(self) -> None:
        for pipeline in self.pipelines.values():
            self.deleted(pipeline)
        super().reset()


def _input(execution: Execution, name: str) -> Artifact:
    if name not in execution.artifacts:
        raise ActionFailed("ConfigurationError", f"The artifact {name} is not there: no action before gave it.")
    return execution.artifacts[name]
