"""Shows the rollout: a live table on a terminal, plain lines in a file or a build log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Self

from aws.live_table import LiveTable, retry_message
from aws.tables import duration
from aws.times import time_of_day
from release.watch.fleet_metrics import FleetMetrics
from release.watch.watch import Snapshot

if TYPE_CHECKING:
    from rich.console import Group

INTERVAL = 30.0  # seconds between two lines of metrics when nothing else changes
STYLES = {"ALARM": "bold red", "OK": "green", "INSUFFICIENT_DATA": "dim"}


class PlainLines:
    """A line for every stage and every alarm that changes, and the metrics now and then."""

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._write, self._clock = write, clock
        self._stage, self._states, self._last_line, self._failing = "", {}, -INTERVAL, False  # type: ignore[var-annotated]
        self._outcome = "undecided"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def show(self, snapshot: Snapshot) -> None:
        self._failing = False
        stage = headline(snapshot, with_time=False)
        changed = stage != self._stage
        for name, state in snapshot.alarms.items():
            if self._states.get(name, "OK") != state and "ALARM" in (state, self._states.get(name)):
                self._line(snapshot, f"alarm {name}: {state}")
        if snapshot.decision and snapshot.decision.outcome != self._outcome:
            self._outcome = snapshot.decision.outcome
            self._line(snapshot, _judgement(snapshot))
        self._stage, self._states = stage, dict(snapshot.alarms)
        if changed or self._clock() - self._last_line >= INTERVAL:
            self._last_line = self._clock()
            fleets = (("new", snapshot.green), ("old", snapshot.blue))
            metrics = [f"{name}: {', '.join(cells(fleet))}" for name, fleet in fleets if fleet.requests]
            self._line(snapshot, "; ".join((headline(snapshot), *metrics)))

    def show_error(self, error: Exception) -> None:
        if not self._failing:
            self._failing = True
            self._write(retry_message(error))

    def _line(self, snapshot: Snapshot, text: str) -> None:
        self._write(f"{_now(snapshot)}  {text}")


def view(write: Callable[[str], None]) -> PlainLines | FleetsTable:
    """What suits where the output goes."""
    if not sys.stdout.isatty():
        return PlainLines(write)
    from rich.console import Console

    return FleetsTable(Console())


class FleetsTable(LiveTable[Snapshot]):
    def render(self) -> Group:
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        if self._snapshot is None:
            return Group(Text("asking AWS ..."))
        fleets, alarms = Table("fleet", *COLUMNS, box=None), Table("alarm", "state", box=None)
        for name, fleet in (("new", self._snapshot.green), ("old", self._snapshot.blue)):
            fleets.add_row(name, *values(fleet))
        for name, state in self._snapshot.alarms.items():
            alarms.add_row(Text(name), Text(state), style=STYLES.get(state, ""))
        sent = f"known requests: {self._snapshot.sent}" if self._snapshot.sent else ""
        judgement = Text(_judgement(self._snapshot))
        headline_text = Text(f"{_now(self._snapshot)}  {headline(self._snapshot)}")
        return Group(headline_text, fleets, alarms, judgement, Text(self._error or sent))


COLUMNS = ("requests", "5xx", "4xx", "p50", "p99")


def headline(snapshot: Snapshot, with_time: bool = True) -> str:
    """The stage, the new fleet's share of the traffic, the time left."""
    endpoint = snapshot.endpoint
    parts = [endpoint.stage]
    if endpoint.changing and endpoint.share is not None:
        parts.append(f"{endpoint.share:.0%} of the traffic on the new fleet")
    if with_time and snapshot.left is not None:
        parts.append(f"{duration(timedelta(seconds=snapshot.left))} to bake")
    return ", ".join(parts)


def _now(snapshot: Snapshot) -> str:
    return time_of_day(snapshot.endpoint.at, snapshot.endpoint.speed)


def _judgement(snapshot: Snapshot) -> str:
    return f"judgement: {snapshot.decision.outcome}, {snapshot.decision.sentence}" if snapshot.decision else ""


def values(fleet: FleetMetrics) -> tuple[str, ...]:
    counts = (str(number) for number in (fleet.requests, fleet.errors_5xx, fleet.errors_4xx))
    return (*counts, *("-" if ms is None else f"{ms:.1f} ms" for ms in (fleet.p50_ms, fleet.p99_ms)))


def cells(fleet: FleetMetrics) -> list[str]:
    """The same values for a line of text."""
    return [
        f"{value} {name}" if name in COLUMNS[:3] else f"{name} {value}"
        for name, value in zip(COLUMNS, values(fleet), strict=True)
    ]
