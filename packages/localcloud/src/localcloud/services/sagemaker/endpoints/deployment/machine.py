"""The state machine of a deployment: from stage to stage, on the clock's timers, and back when something fails.

All of it runs under ``cloud.lock``. Alarms are checked in bakes only: at the beginning, every ten seconds of the clock
and at the end. One in ALARM rolls the deployment back at once, one that fires between two bakes at the next.

Not reproduced: the time that AWS takes to launch, to move traffic and to terminate (here it takes what it takes); that
only the activated instances get a canary's share of the traffic (here the whole green fleet does).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from localcloud.core.clock import Clock, Timer
from localcloud.services.sagemaker.endpoints.deployment import stages
from localcloud.services.sagemaker.endpoints.deployment.side import Side
from localcloud.services.sagemaker.endpoints.deployment.stages import (
    ACTIVATING,
    BAKING,
    BLUE,
    CREATING,
    GREEN,
    Plan,
    Stage,
)
from localcloud.services.sagemaker.endpoints.deployment.traffic import shares
from localcloud.services.sagemaker.hosting.routing import Share

ALARM_CHECK_SECONDS = 10
STAGE, ROLLING_BACK = "stage", "rolling back"
COMPLETED, ROLLED_BACK, ROLLBACK_FAILED = "completed", "rolled back", "rollback failed"  # how it ends


class Deployment:
    """``on_change(change)`` is called with STAGE, ROLLING_BACK or how it ends; ``active_alarms`` returns those of the
    plan's alarms that are in ALARM; ``rollback_fault`` returns why a rollback is to fail, or "" (for faults)."""

    def __init__(
        self,
        plan: Plan,
        blue: Side,
        green: Side,
        *,
        clock: Clock,
        lock: Any,
        route: Callable[[Sequence[Share]], None],
        active_alarms: Callable[[Iterable[str]], list[str]],
        on_change: Callable[[str], None],
        rollback_fault: Callable[[], str] = lambda: "",
    ) -> None:
        self.plan, self.blue, self.green = plan, blue, green
        self.clock, self.lock, self.route, self.active_alarms = clock, lock, route, active_alarms
        self.on_change, self.rollback_fault = on_change, rollback_fault
        self.old = dict(blue.counts)  # restored by a rollback
        self.began = self.stage_began = clock.now()
        self.stage: Stage | None = None
        self.reason = ""
        self.rolling_back = self.over = False
        self._stages: Iterator[Stage] = iter(plan.stages)
        self._timers: list[Timer] = []

    def begin(self) -> None:
        if self.plan.timeout:
            seconds = self.plan.timeout
            reason = f"The deployment took longer than its MaximumExecutionTimeoutInSeconds, {seconds} seconds."
            self._after(seconds, lambda: self.roll_back(reason))
        self._next()

    def abort(self) -> None:
        """The endpoint is deleted: nothing more happens, and green is stopped. Blue is the endpoint's own."""
        self._finish()
        self.green.stop()

    def roll_back(self, reason: str) -> None:
        """From any stage. A problem during the rollback ends it as failed."""
        if self.over:
            return
        if self.rolling_back:
            self._end(ROLLBACK_FAILED, f"{self.reason} The rollback failed: {reason}")
            return
        self._cancel()
        self.rolling_back, self.reason = True, reason
        self._stages = stages.rollback(self.plan.rollback_batch, self.blue.counts, self.old, self.green.desired)
        self.on_change(ROLLING_BACK)
        failure = self.rollback_fault() if self.old else ""
        if failure:
            self.roll_back(failure)
        else:
            self._next()

    def _next(self) -> None:
        stage = next(self._stages, None)
        if stage is None:
            self._end(ROLLED_BACK if self.rolling_back else COMPLETED, self.reason)
            return
        self.stage, self.stage_began = stage, self.clock.now()
        self.on_change(STAGE)
        self._perform(stage)

    def _perform(self, stage: Stage) -> None:
        side = self.green if stage.side == GREEN else self.blue
        if stage.status == CREATING:
            side.grow(stage.counts, lambda failure: self._on_launched(stage, failure))
        elif stage.status == ACTIVATING:
            self._activate(stage)
        elif stage.status == BAKING:
            self._bake(stage)
        else:
            side.shrink(stage.counts)
            self._next()

    def _on_launched(self, stage: Stage, failure: str) -> None:
        if self.over or stage is not self.stage:
            return  # too late: the deployment is rolling back, or over
        if failure:
            self.roll_back(failure)
        else:
            self._next()

    def _activate(self, stage: Stage) -> None:
        if stage.side == BLUE and not self.blue.serves:
            self.roll_back("No instance of the old fleet answers any more.")
            return
        whole = self.green.desired if stage.side == GREEN else self.old
        parts = {name: count / whole[name] for name, count in stage.counts.items()}
        moved = parts if stage.side == GREEN else {name: 1 - part for name, part in parts.items()}
        self.route(shares(self.blue, self.green, moved))
        for name, member in self.green.members.items():
            member.active = round(member.desired * moved.get(name, 0))
        for name, member in self.blue.members.items():
            member.active = round(self.old[name] * (1 - moved.get(name, 1)))
        self._next()

    def _bake(self, stage: Stage) -> None:
        def end() -> None:
            if not self._check_alarms():
                self._next()

        def watch() -> None:
            if stage is self.stage and not self._check_alarms():
                self._after(ALARM_CHECK_SECONDS, watch)

        self._after(stage.seconds, end)
        watch()

    def _check_alarms(self) -> bool:
        """Rolls back and returns True when one is in ALARM."""
        names = [] if self.rolling_back else self.active_alarms(self.plan.alarms)
        if names:
            self.roll_back(f"Alarms of its AutoRollbackConfiguration are in ALARM: {', '.join(names)}.")
        return bool(names)

    def _after(self, seconds: float, then: Callable[[], None]) -> None:
        def due() -> None:
            with self.lock:
                if not timer.cancelled:
                    self._timers.remove(timer)
                    then()

        timer = self.clock.after(seconds, due)
        self._timers.append(timer)

    def _cancel(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def _finish(self) -> None:
        self._cancel()
        self.over = True

    def _end(self, outcome: str, reason: str) -> None:
        self.reason = reason
        self._finish()
        self.on_change(outcome)
