"""Polls a run and shows its state. A network failure of some minutes does not end the wait."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from aws.live_table import LiveTable, retry_message
from aws.refusals import is_transient
from aws.tables import duration
from aws.times import time_of_day
from pipelines.executions import Execution, Step, describe, steps
from pipelines.progress import Client, Progress

if TYPE_CHECKING:
    from rich.console import Console, Group

FIRST_WAIT, GROWTH, LONGEST_WAIT = (
    0.5,
    1.1,
    8.0,
)  # seconds: the end is seen at most a tenth of the run's time late
PROGRESS_SECONDS = 30.0  # between two lines of progress
MAX_FAILED_POLLS = 80  # in a row: about eight minutes
STYLES = {"Succeeded": "green", "Failed": "bold red", "Stopped": "red", "Stopping": "yellow", "Executing": "cyan"}


@dataclass(frozen=True)
class Snapshot:
    execution: Execution
    steps: Sequence[Step]
    lead: timedelta = timedelta()  # of AWS's clock over this machine's
    progress: Mapping[str, str] = field(default_factory=dict)  # of steps that run, by name


class View(Protocol):
    def show(self, snapshot: Snapshot) -> None: ...
    def show_error(self, error: Exception) -> None: ...


def now() -> datetime:
    return datetime.now(UTC)


def poll(client: Client, arn: str, progress: Progress, clock: Callable[[], datetime] = now) -> Snapshot:
    """Reads the execution first: once it has ended, the steps read afterwards are final."""
    execution = describe(client("sagemaker"), arn)
    found = steps(client("sagemaker"), arn)
    return Snapshot(execution, found, execution.at - clock(), progress.of(found))


def follow(poll: Callable[[], Snapshot], view: View, sleep: Callable[[float], None] = time.sleep) -> Snapshot:
    wait, failed_polls = FIRST_WAIT, 0
    while True:
        try:
            snapshot = poll()
        except Exception as error:
            failed_polls += 1
            if failed_polls > MAX_FAILED_POLLS or not is_transient(error):
                raise
            view.show_error(error)
        else:
            failed_polls = 0
            view.show(snapshot)
            if not snapshot.execution.running:
                return snapshot
        sleep(wait)
        wait = min(wait * GROWTH, LONGEST_WAIT)


def elapsed(step: Step | Execution, at: datetime) -> str:
    return duration((step.ended or at) - step.started) if step.started else ""


class LineView:
    """For a file or a build log: one line for each change of a step, and now and then one of its progress."""

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._write, self._clock = write, clock
        self._next_progress = 0.0
        self._seen: dict[str, str] = {}
        self._failing = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def show(self, snapshot: Snapshot) -> None:
        self._failing = False
        at = time_of_day(snapshot.execution.at, snapshot.execution.speed)
        for step in snapshot.steps:
            state = f"{step.status} ({step.note})" if step.note else step.status
            if self._seen.get(step.name) != state:
                self._seen[step.name] = state
                after = f" after {elapsed(step, step.ended)}" if step.ended else ""
                self._write(f"{at}  {step.name}: {state}{after}")
        if snapshot.progress and self._clock() >= self._next_progress:
            self._next_progress = self._clock() + PROGRESS_SECONDS
            for name, text in snapshot.progress.items():
                self._write(f"{at}  {name}: {text}")

    def show_error(self, error: Exception) -> None:
        if not self._failing:  # once for each interruption
            self._failing = True
            self._write(retry_message(error))


class StepsTable(LiveTable[Snapshot]):
    """For a terminal: every step of the diagram, also those to come, with running durations."""

    def __init__(self, names: Sequence[str], console: Console, clock: Callable[[], datetime] = now) -> None:
        self._names, self._clock = names, clock
        super().__init__(console)

    def render(self) -> Group:
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        table = Table("step", "status", "time", "", box=None)
        for cells, style in rows(self._snapshot, self._names, self._now()):
            table.add_row(*(Text(cell) for cell in cells), style=style)
        return Group(table, Text(self._error or self._state(), no_wrap=True, overflow="ellipsis"))

    def _state(self) -> str:
        if self._snapshot is None:
            return "reading from AWS ..."
        execution = self._snapshot.execution
        return f"execution {execution.id}: {execution.status}, {elapsed(execution, self._now())}"

    def _now(self) -> datetime:
        """AWS's time, which durations are counted with: a rehearsal's clock is fast, a laptop's may be wrong."""
        return self._clock() + (self._snapshot.lead if self._snapshot else timedelta())


def rows(snapshot: Snapshot | None, names: Sequence[str], at: datetime) -> list[tuple[list[str], str]]:
    """Each row and its style; steps that are not in the definition come last."""
    started = {step.name: step for step in snapshot.steps} if snapshot else {}
    pending = "waiting" if snapshot is None or snapshot.execution.running else "not run"
    progress = snapshot.progress if snapshot else {}
    return [
        _row(name, started.get(name), pending, at, progress.get(name, "")) for name in dict.fromkeys([*names, *started])
    ]


def _row(name: str, step: Step | None, pending: str, at: datetime, progress: str) -> tuple[list[str], str]:
    if step is None:
        return [name, pending, "", ""], "dim"
    note = ", ".join(filter(None, (step.note, progress)))
    return [name, step.status, elapsed(step, at), note], STYLES.get(step.status, "")
