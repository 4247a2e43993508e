"""Runs executions, driven by events: a start, the end of a job, a moment of the clock, a stop. No thread of its own.

Everything happens under ``cloud.lock``, one thing after the other: what comes up while something is being done waits
its turn. After a step fails nothing new is started; what runs goes on to its end, then the execution fails.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from localcloud.core.counters import DEFECTS
from localcloud.core.refusal import Refusal
from localcloud.services.sagemaker.jobs.records import out_of_time
from localcloud.services.sagemaker.part import Part
from localcloud.services.sagemaker.pipelines import retries, step_cache
from localcloud.services.sagemaker.pipelines.definition_checks import CALLS
from localcloud.services.sagemaker.pipelines.events import execution_changed, step_changed
from localcloud.services.sagemaker.pipelines.expressions import Unresolved
from localcloud.services.sagemaker.pipelines.records import RUNNING, Execution, StepRun
from localcloud.services.sagemaker.pipelines.steps import JOBS, Done, Steps

log = logging.getLogger(__name__)
FAILED = "Step failure: One or multiple steps failed."  # AWS's own words
LONGEST_REASON = 1024
AT_ONCE = {"Condition": Steps.decide, "Fail": Steps.fail}


class Interpreter:
    def __init__(self, service: Part) -> None:
        self.service, self.cloud, self.steps = service, service.cloud, Steps(service)
        self._jobs: dict[str, tuple[Execution, StepRun]] = {}  # by the job's name
        self._todo: deque[Callable[[], None]] = deque()
        self._doing = False
        service.on_job_end(self._job_ended)

    def begin(self, execution: Execution) -> None:
        self._set(execution, "Executing")
        self.go_on(execution)

    def go_on(self, execution: Execution) -> None:
        self._soon(lambda: self._advance(execution))

    def retry(self, execution: Execution) -> None:
        """What failed or was stopped runs again; what succeeded stays."""
        for run in list(execution.in_status("Failed", "Stopped")):
            del execution.runs[run.name]
        execution.reason = ""
        self.begin(execution)

    def stop(self, execution: Execution) -> None:
        self._set(execution, "Stopping")
        for run in list(execution.in_status(*RUNNING)):
            if run.timer:
                self._end(execution, run, "Stopped")
            else:
                self._change(execution, run, "Stopping")
                self._soon(lambda run=run: self._stop_job(run))  # type: ignore[misc]
        self.go_on(execution)

    def forget(self, execution: Execution) -> None:
        """Nothing that comes later concerns it any more."""
        for run in execution.runs.values():
            self._jobs.pop(run.job, None)
            if run.timer:
                run.timer.cancel()

    def _soon(self, task: Callable[[], None]) -> None:
        self._todo.append(task)
        if self._doing:
            return
        self._doing = True
        try:
            while self._todo:
                self._do(self._todo.popleft())
        finally:
            self._doing = False

    def _do(self, task: Callable[[], None]) -> None:
        try:
            task()
        except Exception:  # one execution's defect must not hold up the others
            log.exception("an execution cannot go on")
            self.cloud.counters.count(DEFECTS)

    def _advance(self, execution: Execution) -> None:
        if execution.over:
            return
        while (name := self._next(execution)) is not None:
            self._start(execution, name)
        if not any(execution.in_status(*RUNNING)):
            self._conclude(execution)

    def _next(self, execution: Execution) -> str | None:
        """The first step that may start now, in the order of the definition."""
        if execution.status != "Executing" or any(execution.in_status("Failed")):
            return None
        if len(list(execution.in_status(*RUNNING))) >= execution.most_at_once:
            return None

        def over(name: str) -> bool:
            return name in execution.runs and execution.runs[name].status == "Succeeded"

        def outcome(name: str) -> bool | None:
            return execution.runs[name].answer["Outcome"] if over(name) else None  # type: ignore[index]

        graph = execution.version.graph
        wanted = (n for n in graph.entries if execution.selected is None or n in execution.selected)
        waiting = (name for name in wanted if name not in execution.runs)
        return next((name for name in waiting if graph.ready(name, over, outcome)), None)

    def _conclude(self, execution: Execution) -> None:
        failed = any(execution.in_status("Failed"))
        if failed:
            execution.reason = FAILED
        self._set(execution, "Failed" if failed else "Stopped" if execution.status == "Stopping" else "Succeeded")

    def _start(self, execution: Execution, name: str) -> None:
        entry = execution.version.graph.entries[name]
        run = StepRun(name, entry, retries.Attempts(entry), started=self.cloud.clock.now())
        execution.runs[name] = run
        self._change(execution, run, "Starting")
        self._attempt(execution, run)

    def _attempt(self, execution: Execution, run: StepRun) -> None:
        run.number += 1
        execution.scope.execution["CurrentDateTime"] = self.cloud.clock.now().isoformat()  # type: ignore[index]
        try:
            if run.kind in AT_ONCE:
                self._change(execution, run, "Executing")
                self._done(execution, run, AT_ONCE[run.kind](self.steps, execution, run))
            else:
                self._work(execution, run)
        except Refusal as refusal:
            details = f"Failed to invoke sagemaker:{CALLS[run.kind][0]}. Error Details: {refusal.message}"
            self._try_again(execution, run, retries.of_refusal(refusal), f"ClientError: {details}")
        except (Unresolved, TypeError, ValueError) as error:
            self._fail(execution, run, f"ClientError: {error}")
        except Exception as error:
            log.exception("step %s of %s failed inside localcloud", run.name, execution.arn)
            self.cloud.counters.count(DEFECTS)
            self._fail(execution, run, f"InternalServerError: {type(error).__name__} inside localcloud")

    def _work(self, execution: Execution, run: StepRun) -> None:
        """A job that will end some time, or a model or package that is there at once."""
        request = self.steps.prepare(execution, run)
        run.cache_key = step_cache.key(run.kind, request)
        hit = execution.pipeline.cache.find(run.entry, run.cache_key, self.cloud.clock.seconds())
        if hit:
            run.cached_from = hit.source
            self._change(execution, run, "Executing")
            self._done(execution, run, Done(hit.answer, hit.metadata))
        elif run.kind in JOBS:
            self.steps.create(run, request)  # the job's end may be told within the call: it waits its turn
            run.job = request[JOBS[run.kind].name]
            self._jobs[run.job] = execution, run
            self._change(execution, run, "Executing")
        else:
            self.steps.create(run, request)
            self._change(execution, run, "Executing")
            self._done(execution, run, Done(self.steps.describe(run, request), run.metadata))

    def _done(self, execution: Execution, run: StepRun, done: Done) -> None:
        run.metadata, run.answer, run.reason = done.metadata, done.answer, done.reason[:LONGEST_REASON]
        if done.failed:
            self._end(execution, run, "Failed")
        else:
            execution.scope.steps[run.name] = done.answer
            self._end(execution, run, "Succeeded")

    def _job_ended(self, _kind: str, name: str, answer: dict[str, Any]) -> None:
        self._soon(lambda: self._follow(name, answer))

    def _follow(self, name: str, answer: dict[str, Any]) -> None:
        if name not in self._jobs:
            return  # nobody's, or of an execution that is gone
        execution, run = self._jobs.pop(name)
        status, reason = answer[JOBS[run.kind].status], str(answer.get("FailureReason", ""))
        if status == "Completed":
            self._remember(execution, run, answer)
            self._done(execution, run, Done(answer, run.metadata))
        elif status == "Stopped" and execution.status == "Stopping":
            self._end(execution, run, "Stopped")
        elif status == "Stopped":  # by its limit, or by somebody else
            why = out_of_time(answer)
            ended = f"did not end. {why}" if why else "was stopped."
            self._fail(execution, run, f"ClientError: The job {name} {ended}")
        else:
            self._try_again(execution, run, retries.of_failure(reason), reason or f"The job {name} failed.")
        self._advance(execution)

    def _remember(self, execution: Execution, run: StepRun, answer: dict[str, Any]) -> None:
        assert run.started  # noqa: S101 - it has run
        hit = step_cache.Hit(run.started.timestamp(), execution.arn, answer, run.metadata)
        execution.pipeline.cache.remember(run.name, run.cache_key, hit)

    def _try_again(self, execution: Execution, run: StepRun, exception: str, reason: str) -> None:
        assert run.started  # noqa: S101 - it has run
        elapsed = (self.cloud.clock.now() - run.started) / timedelta(seconds=1)
        wait = run.attempts.wait(exception, elapsed) if execution.status == "Executing" else None
        if wait is None:
            self._fail(execution, run, reason + self._why_not(execution, run, exception))
        else:
            run.job = ""
            run.timer = self.cloud.clock.after(wait, lambda: self._due(execution, run))

    def _due(self, execution: Execution, run: StepRun) -> None:
        with self.cloud.lock:
            if run.timer and not run.timer.cancelled:
                run.timer = None
                self._soon(lambda: self._attempt(execution, run))
                self.go_on(execution)

    def _why_not(self, execution: Execution, run: StepRun, exception: str) -> str:
        """AWS's sentence about a failure that a policy could have covered."""
        if not exception:
            return ""
        kind = exception.upper().replace(".", "_")
        place = f"step with PipelineExecutionArn {execution.arn} and StepId {run.name}"
        missing = f"No retry policy configured for the exception type {kind}."
        spent = f"The retry policy for the exception type {kind} is used up."
        return (
            f"\nRetry not appropriate on execution of {place}. {spent if run.attempts.covers(exception) else missing}"
        )

    def _stop_job(self, run: StepRun) -> None:
        try:
            self.steps.stop(run)
        except Refusal as refusal:  # it has just ended by itself: its end will be told
            log.info("job %s is not stopped: %s", run.job, refusal.message)

    def _fail(self, execution: Execution, run: StepRun, reason: str) -> None:
        run.reason = reason[:LONGEST_REASON]
        self._end(execution, run, "Failed")

    def _end(self, execution: Execution, run: StepRun, status: str) -> None:
        if run.timer:
            run.timer.cancel()
            run.timer = None
        run.ended = self.cloud.clock.now()
        self._change(execution, run, status)

    def _change(self, execution: Execution, run: StepRun, status: str) -> None:
        if run.status == status:
            return
        previous, run.status = run.status, status
        execution.modified = self.cloud.clock.now()
        step_changed(self.cloud, execution, run, previous)

    def _set(self, execution: Execution, status: str) -> None:
        previous, execution.status = execution.status, status
        execution.modified = self.cloud.clock.now()
        execution_changed(self.cloud, execution, previous)
