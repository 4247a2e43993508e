"""Runs executions, driven by events: a start, the end of a job, a timer of the clock, a stop. It has no thread.

Everything happens under ``cloud.lock``, one task after the other. After a step fails no other step is started; those
that run go on to their end, then the execution fails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localcloud.core.caller import Caller
from localcloud.services.sagemaker.pipelines.events import emit_execution_change
from localcloud.services.sagemaker.pipelines.records import RUNNING, Execution
from localcloud.services.sagemaker.pipelines.step_runner import StepRunner
from localcloud.services.sagemaker.pipelines.task_queue import TaskQueue

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

FAILED = "Step failure: One or multiple steps failed."  # AWS's own words


class Interpreter:
    def __init__(self, cloud: Cloud, caller: Caller) -> None:
        self.cloud = cloud
        self._tasks = TaskQueue(cloud.counters)
        self._steps = StepRunner(cloud, caller, self._tasks, self._advance)

    def begin(self, execution: Execution) -> None:
        self._set_status(execution, "Executing")
        self.resume(execution)

    def resume(self, execution: Execution) -> None:
        """Starts the steps that can run now."""
        self._tasks.put(lambda: self._advance(execution))

    def retry(self, execution: Execution) -> None:
        """Failed and stopped steps run again; the others keep their results."""
        for run in list(execution.in_status("Failed", "Stopped")):
            del execution.runs[run.name]
        execution.reason = ""
        self.begin(execution)

    def stop(self, execution: Execution) -> None:
        self._set_status(execution, "Stopping")
        for run in list(execution.in_status(*RUNNING)):
            self._steps.stop(execution, run)
        self.resume(execution)

    def forget(self, execution: Execution) -> None:
        """The ends of its jobs and its timers have no effect any more."""
        for run in execution.runs.values():
            self._steps.forget(run)

    def on_job_end(self, _kind: str, name: str, description: dict[str, Any]) -> None:
        self._tasks.put(lambda: self._steps.on_job_end(name, description))

    def _advance(self, execution: Execution) -> None:
        if execution.over:
            return
        while (name := _next_step(execution)) is not None:
            self._steps.start(execution, name)
        if not any(execution.in_status(*RUNNING)):
            self._conclude(execution)

    def _conclude(self, execution: Execution) -> None:
        failed = any(execution.in_status("Failed"))
        if failed:
            execution.reason = FAILED
        status = "Failed" if failed else "Stopped" if execution.status == "Stopping" else "Succeeded"
        self._set_status(execution, status)

    def _set_status(self, execution: Execution, status: str) -> None:
        previous, execution.status = execution.status, status
        execution.modified = self.cloud.clock.now()
        emit_execution_change(self.cloud.emit, execution, previous)


def _next_step(execution: Execution) -> str | None:
    """The first step that may start now, in the order of the definition."""
    if execution.status != "Executing" or any(execution.in_status("Failed")):
        return None
    if len(list(execution.in_status(*RUNNING))) >= execution.most_at_once:
        return None

    def succeeded(name: str) -> bool:
        return name in execution.runs and execution.runs[name].status == "Succeeded"

    def outcome(name: str) -> bool | None:
        return execution.runs[name].output["Outcome"] if succeeded(name) else None  # type: ignore[index]

    graph = execution.version.graph
    selected = (name for name in graph.entries if execution.selected is None or name in execution.selected)
    waiting = (name for name in selected if name not in execution.runs)
    return next((name for name in waiting if graph.ready(name, succeeded, outcome)), None)
