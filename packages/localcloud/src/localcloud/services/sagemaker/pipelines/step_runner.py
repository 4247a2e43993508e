"""Runs one step of an execution: its attempts, its job, its retries, its end."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from localcloud.core.caller import Caller
from localcloud.core.counters import DEFECTS
from localcloud.core.refusal import Refusal
from localcloud.services.sagemaker.jobs.records import timeout_reason
from localcloud.services.sagemaker.pipelines import retries, step_cache
from localcloud.services.sagemaker.pipelines.definition_checks import CALLS
from localcloud.services.sagemaker.pipelines.events import emit_step_change
from localcloud.services.sagemaker.pipelines.expressions import Unresolved
from localcloud.services.sagemaker.pipelines.records import Execution, StepRun
from localcloud.services.sagemaker.pipelines.steps import JOBS, StepResult, Steps
from localcloud.services.sagemaker.pipelines.task_queue import TaskQueue

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

log = logging.getLogger(__name__)
LONGEST_REASON = 1024
IMMEDIATE = {"Condition": Steps.decide, "Fail": Steps.fail}


class StepRunner:
    """``advance`` is called when a step has ended by an event, so that others may start."""

    def __init__(self, cloud: Cloud, caller: Caller, tasks: TaskQueue, advance: Callable[[Execution], None]) -> None:
        self.cloud, self._tasks, self._advance = cloud, tasks, advance
        self._steps = Steps(cloud, caller)
        self._jobs: dict[str, tuple[Execution, StepRun]] = {}  # by the job's name

    def start(self, execution: Execution, name: str) -> None:
        entry = execution.version.graph.entries[name]
        run = StepRun(name, entry, retries.Attempts(entry), started=self.cloud.clock.now())
        execution.runs[name] = run
        self._set_status(execution, run, "Starting")
        self._attempt(execution, run)

    def stop(self, execution: Execution, run: StepRun) -> None:
        if run.timer:
            self._end(execution, run, "Stopped")
        else:
            self._set_status(execution, run, "Stopping")
            self._tasks.put(lambda: self._stop_job(execution, run))

    def forget(self, run: StepRun) -> None:
        self._jobs.pop(run.job, None)
        if run.timer:
            run.timer.cancel()

    def on_job_end(self, name: str, description: dict[str, Any]) -> None:
        if name not in self._jobs:
            return  # not of an execution, or of a deleted one
        execution, run = self._jobs.pop(name)
        try:
            self._steps.check_description(execution, run, name)
        except Refusal as refusal:
            self._fail(execution, run, _invocation_failure(f"Describe{JOBS[run.kind].member}", refusal))
        else:
            self._conclude_job(execution, run, name, description)
        self._advance(execution)

    def _conclude_job(self, execution: Execution, run: StepRun, name: str, description: dict[str, Any]) -> None:
        status, reason = description[JOBS[run.kind].status], str(description.get("FailureReason", ""))
        if status == "Completed":
            self._cache(execution, run, description)
            self._finish(execution, run, StepResult(description, run.metadata))
        elif status == "Stopped" and execution.status == "Stopping":
            self._end(execution, run, "Stopped")
        elif status == "Stopped":  # by its limit, or by a request for the job itself
            limit = timeout_reason(description)
            end = f"did not end. {limit}" if limit else "was stopped."
            self._fail(execution, run, f"ClientError: The job {name} {end}")
        else:
            self._retry(execution, run, retries.of_failure(reason), reason or f"The job {name} failed.")

    def _attempt(self, execution: Execution, run: StepRun) -> None:
        run.number += 1
        execution.scope.execution["CurrentDateTime"] = self.cloud.clock.now().isoformat()  # type: ignore[index]
        try:
            if run.kind in IMMEDIATE:
                self._set_status(execution, run, "Executing")
                self._finish(execution, run, IMMEDIATE[run.kind](self._steps, execution, run))
            else:
                self._execute(execution, run)
        except Refusal as refusal:
            reason = _invocation_failure(CALLS[run.kind][0], refusal)
            self._retry(execution, run, retries.of_refusal(refusal), reason)
        except (Unresolved, TypeError, ValueError) as error:
            self._fail(execution, run, f"ClientError: {error}")
        except Exception as error:
            log.exception("step %s of %s failed inside localcloud", run.name, execution.arn)
            self.cloud.counters.count(DEFECTS)
            self._fail(execution, run, f"InternalServerError: {type(error).__name__} inside localcloud")

    def _execute(self, execution: Execution, run: StepRun) -> None:
        """Starts a job, or creates a model or a package."""
        request = self._steps.prepare(execution, run)
        run.cache_key = step_cache.key(run.kind, request)
        hit = execution.pipeline.cache.find(run.entry, run.cache_key, self.cloud.clock.seconds())
        if hit:
            run.cached_from = hit.source
            self._set_status(execution, run, "Executing")
            self._finish(execution, run, StepResult(hit.output, hit.metadata))
        elif run.kind in JOBS:
            self._steps.create(execution, run, request)  # if the job ends within the call, its end waits
            run.job = request[JOBS[run.kind].name]
            self._jobs[run.job] = execution, run
            self._set_status(execution, run, "Executing")
        else:
            self._steps.create(execution, run, request)
            self._set_status(execution, run, "Executing")
            self._finish(execution, run, StepResult(self._steps.describe(execution, run, request), run.metadata))

    def _finish(self, execution: Execution, run: StepRun, result: StepResult) -> None:
        run.metadata, run.output, run.reason = result.metadata, result.output, result.reason[:LONGEST_REASON]
        if result.failed:
            self._end(execution, run, "Failed")
        else:
            execution.scope.steps[run.name] = result.output
            self._end(execution, run, "Succeeded")

    def _cache(self, execution: Execution, run: StepRun, description: dict[str, Any]) -> None:
        assert run.started  # noqa: S101 - it has run
        hit = step_cache.Hit(run.started.timestamp(), execution.arn, description, run.metadata)
        execution.pipeline.cache.put(run.name, run.cache_key, hit)

    def _retry(self, execution: Execution, run: StepRun, exception: str, reason: str) -> None:
        """Later, when a policy covers the exception; else the step fails."""
        assert run.started  # noqa: S101 - it has run
        elapsed = (self.cloud.clock.now() - run.started) / timedelta(seconds=1)
        wait = run.attempts.wait(exception, elapsed) if execution.status == "Executing" else None
        if wait is None:
            self._fail(execution, run, reason + _no_retry_message(execution, run, exception))
        else:
            run.job = ""
            run.timer = self.cloud.clock.after(wait, lambda: self._on_timer(execution, run))

    def _on_timer(self, execution: Execution, run: StepRun) -> None:
        with self.cloud.lock:
            if run.timer and not run.timer.cancelled:
                run.timer = None
                self._tasks.put(lambda: self._attempt(execution, run))
                self._tasks.put(lambda: self._advance(execution))

    def _stop_job(self, execution: Execution, run: StepRun) -> None:
        try:
            self._steps.stop(execution, run)
        except Refusal as refusal:  # it has just ended by itself: the lifecycle reports it
            log.info("job %s is not stopped: %s", run.job, refusal.message)

    def _fail(self, execution: Execution, run: StepRun, reason: str) -> None:
        run.reason = reason[:LONGEST_REASON]
        self._end(execution, run, "Failed")

    def _end(self, execution: Execution, run: StepRun, status: str) -> None:
        if run.timer:
            run.timer.cancel()
            run.timer = None
        run.ended = self.cloud.clock.now()
        self._set_status(execution, run, status)

    def _set_status(self, execution: Execution, run: StepRun, status: str) -> None:
        if run.status == status:
            return
        previous, run.status = run.status, status
        execution.modified = self.cloud.clock.now()
        emit_step_change(self.cloud.emit, execution, run, previous)


def _invocation_failure(operation: str, refusal: Refusal) -> str:
    return f"ClientError: Failed to invoke sagemaker:{operation}. Error Details: {refusal.message}"


def _no_retry_message(execution: Execution, run: StepRun, exception: str) -> str:
    """AWS's sentence about a failure that a policy could have covered."""
    if not exception:
        return ""
    kind = exception.upper().replace(".", "_")
    step = f"step with PipelineExecutionArn {execution.arn} and StepId {run.name}"
    missing = f"No retry policy configured for the exception type {kind}."
    spent = f"The retry policy for the exception type {kind} is used up."
    return f"\nRetry not appropriate on execution of {step}. {spent if run.attempts.covers(exception) else missing}"
