"""Moves executions from stage to stage, and within a stage by the run order of actions. All under the lock.

A stage has one execution at a time, unless the pipeline is PARALLEL. The next ones wait before it: in a SUPERSEDED
pipeline only the newest, which supersedes those that waited; in a QUEUED one all of them, in order.
"""

from __future__ import annotations

from collections.abc import Callable

from localcloud.core.cloud import Cloud
from localcloud.core.service import Part
from localcloud.services.codepipeline.actions import ActionFailed, Actions, abandon_silently
from localcloud.services.codepipeline.entry_conditions import allow_entry
from localcloud.services.codepipeline.events import RESUMED, STATES, emit_execution, emit_stage
from localcloud.services.codepipeline.pipelines import Pipelines
from localcloud.services.codepipeline.providers import order
from localcloud.services.codepipeline.records import (
    FAILED,
    RUNNING,
    SKIPPED,
    STOPPED,
    STOPPING,
    SUCCEEDED,
    SUPERSEDED,
    ActionRun,
    Execution,
    Pipeline,
    StageRun,
)
from localcloud.services.codepipeline.variables import Unresolved


class Engine(Part):
    def __init__(self, cloud: Cloud, pipelines: Pipelines, actions: Actions) -> None:
        self.cloud, self.pipelines, self.actions = cloud, pipelines, actions
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
            if (stage.current and first.mode != "PARALLEL") or not self._may_leave(pipeline, first):
                return
            stage.waiting.pop(0)
            stage.current.append(first)
            stage.latest = first
            run = first.stages[name] = StageRun(name)
            if self._is_skipped(first):
                self._skip(first, run)
            else:
                emit_stage(self.cloud, first, name, "STARTED")
                self.advance(first, run)

    def _is_skipped(self, execution: Execution) -> bool:
        """A rule whose variable has no value fails, and skips the stage, too."""
        try:
            return not allow_entry(execution.stage, execution.all_namespaces())
        except Unresolved:
            return True

    def _skip(self, execution: Execution, run: StageRun) -> None:
        """Without events: which ones AWS sends for a skipped stage is not documented."""
        pipeline = self.pipelines.by_name[execution.pipeline]
        pipeline.stages[run.name].current.remove(execution)
        run.status = SKIPPED
        self._move_on(execution)

    def _may_leave(self, pipeline: Pipeline, execution: Execution) -> bool:
        if not execution.stage_index or execution.rollback_to:
            return True
        before = execution.declaration["stages"][execution.stage_index - 1]["name"]
        return pipeline.stages[before].outbound.enabled

    def advance(self, execution: Execution, run: StageRun) -> None:
        """Starts the next actions of the stage; leaves it when there are none."""
        if run.running or not execution.active:
            return
        pending = [action for action in execution.stage["actions"] if action["name"] not in run.succeeded]
        if execution.status == STOPPING:
            self._leave(execution, run, STOPPED)
        elif run.failed:
            self._fail(execution, run)
        elif not pending:
            self._leave(execution, run, SUCCEEDED)
        else:
            first = min(order(action) for action in pending)
            for action in [action for action in pending if order(action) == first]:
                self.actions.start(execution, run, action)
            self.advance(execution, run)

    def resume(self, execution: Execution, run: StageRun, mode: str) -> None:
        """After a failure: repeats the failed actions, or with ALL_ACTIONS the whole stage."""
        execution.attempt += 1
        run.status = RUNNING
        run.failed.clear()
        if mode == "ALL_ACTIONS":
            run.succeeded.clear()
        if not execution.active:
            execution.status = RUNNING
            self.pipelines.by_name[execution.pipeline].stages[run.name].current.append(execution)
            emit_execution(self.cloud, execution, RESUMED)
        emit_stage(self.cloud, execution, run.name, RESUMED)
        self.advance(execution, run)

    def finish(self, execution: Execution, run: ActionRun, *, error: ActionFailed | None = None) -> None:
        """Concludes an action, from any thread. The result of an abandoned action is ignored."""
        with self.cloud.lock:
            pipeline = self.pipelines.by_name.get(execution.pipeline)
            if not pipeline or pipeline.executions.get(execution.id) is not execution or run.status != RUNNING:
                return
            self.actions.conclude(execution, run, error)
            self.advance(execution, execution.stages[run.stage])

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
        return not stage.current and stage.latest is execution

    def _leave(self, execution: Execution, run: StageRun, status: str, *, rolls_back: bool = False) -> None:
        pipeline = self.pipelines.by_name[execution.pipeline]
        pipeline.stages[run.name].current.remove(execution)
        run.status = status
        emit_stage(self.cloud, execution, run.name, STATES[status])
        if status == SUCCEEDED:
            self._move_on(execution)
        else:
            self.end(execution, status)
        if rolls_back:
            self.on_rollback(execution, run.name)
        self.admit(pipeline, run.name)

    def _move_on(self, execution: Execution) -> None:
        if execution.in_last_stage:
            self.end(execution, SUCCEEDED)
        else:
            execution.stage_index += 1
            self.arrive(execution)

    def end(self, execution: Execution, status: str, summary: str = "") -> None:
        execution.status, execution.summary = status, summary or execution.summary
        execution.updated = self.cloud.clock.now()
        emit_execution(self.cloud, execution)

    def abandon(self, execution: Execution) -> None:
        """Running actions go on, but their results are ignored."""
        run = execution.stages.get(execution.stage["name"])
        for action in run.running if run else []:
            self.actions.abandon(execution, action)
        if run:
            self.advance(execution, run)

    def abandon_all(self, pipeline: Pipeline) -> None:
        for execution in pipeline.executions.values():
            for run in execution.stages.values():
                for action in run.running:
                    abandon_silently(action)

    def reset(self) -> None:
        for pipeline in self.pipelines.by_name.values():
            self.abandon_all(pipeline)
