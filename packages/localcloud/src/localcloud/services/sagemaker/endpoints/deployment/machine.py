"""The machine that takes a deployment through its stages, on the clock's timers, and back when it must.

All of it runs under ``cloud.lock``. Alarms are looked at before each stage, every ten seconds of the clock and at the
end of each bake, from the start of the deployment on: one that is in ALARM then ends it at once.

Not reproduced: the time that AWS takes to launch, to move traffic and to terminate (here it is as long as it takes);
that a canary's share goes to as many instances only as were activated (here the whole green fleet shares it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from localcloud.core.clock import Clock, Timer
    from localcloud.services.sagemaker.endpoints.deployment.traffic import Share

LOOK_SECONDS = 10
STAGE, ROLLING_BACK = "stage", "rolling back"
COMPLETED, ROLLED_BACK, ROLLBACK_FAILED = "completed", "rolled back", "rollback failed"  # its end, one of these


class Deployment:
    """``told(what)`` hears of each change; ``tripped()`` names the alarms of the plan that are in ALARM; ``broken()``
    says why the rollback that now begins cannot be done, or "" (for faults)."""

    def __init__(
        self,
        plan: Plan,
        blue: Side,
        green: Side,
        *,
        clock: Clock,
        lock: Any,
        route: Callable[[Sequence[Share]], None],
        tripped: Callable[[Iterable[str]], list[str]],
        told: Callable[[str], None],
        broken: Callable[[], str] = lambda: "",
    ) -> None:
        self.plan, self.blue, self.green = plan, blue, green
        self.clock, self.lock, self.route, self.tripped = clock, lock, route, tripped
        self.told, self.broken = told, broken
        self.old = dict(blue.counts)  # what blue goes back to
        self.began = self.stage_began = clock.now()
        self.stage: Stage | None = None
        self.reason = ""
        self.rolling_back = self.over = False
        self._stages: Iterator[Stage] = iter(plan.stages)
        self._timers: list[Timer] = []

    def begin(self) -> None:
        if self.plan.timeout:
            seconds = self.plan.timeout
            why = f"The deployment took longer than its MaximumExecutionTimeoutInSeconds, {seconds} seconds."
            self._after(seconds, lambda: self.roll_back(why))
        if self.plan.alarms:
            self._after(LOOK_SECONDS, self._look)
        self._next()

    def abort(self) -> None:
        """The endpoint goes away: nothing more happens, and green is gone. Blue is the endpoint's own."""
        self._finish()
        self.green.stop()

    def roll_back(self, reason: str) -> None:
        """From any stage. What goes wrong while it rolls back is the end of it."""
        if self.over:
            return
        if self.rolling_back:
            self._end(ROLLBACK_FAILED, f"{self.reason} The rollback failed: {reason}")
            return
        self._cancel()
        self.rolling_back, self.reason = True, reason
        self._stages = stages.back(self.plan.rollback_batch, self.blue.counts, self.old, self.green.desired)
        self.told(ROLLING_BACK)
        why = self.broken() if self.old else ""
        if why:
            self.roll_back(why)
        else:
            self._next()

    def _next(self) -> None:
        stage = next(self._stages, None)
        if stage is None:
            self._end(ROLLED_BACK if self.rolling_back else COMPLETED, self.reason)
            return
        if self._alarmed():
            return
        self.stage, self.stage_began = stage, self.clock.now()
        self.told(STAGE)
        self._perform(stage)

    def _perform(self, stage: Stage) -> None:
        side = self.green if stage.side == GREEN else self.blue
        if stage.status == CREATING:
            side.grow(stage.counts, lambda why: self._launched(stage, why))
        elif stage.status == ACTIVATING:
            self._activate(stage)
        elif stage.status == BAKING:
            self._after(stage.seconds, self._next)
        else:
            side.shrink(stage.counts)
            self._next()

    def _launched(self, stage: Stage, why: str) -> None:
        if self.over or stage is not self.stage:
            return  # it came too late: the deployment is on its way back, or over
        if why:
            self.roll_back(why)
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

    def _look(self) -> None:
        if not self._alarmed():
            self._after(LOOK_SECONDS, self._look)

    def _alarmed(self) -> bool:
        names = [] if self.rolling_back else self.tripped(self.plan.alarms)
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
        self.told(outcome)
