"""One clock for everything: bakes, alarms, schedules, retries. It can run faster than real time, or be stepped.

It never runs backwards. Callbacks run one after the other, in the order of their time, on the clock's own thread (or,
when stepped, on the thread that advances it): they must be short and start threads for longer work.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

log = logging.getLogger(__name__)


@dataclass(order=True)
class Timer:
    when: float  # seconds since 1970, on this clock
    number: int
    callback: Callable[[], None] = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        self.cancelled = True


class Clock:
    def __init__(self, speed: float = 1.0, *, stepped: bool = False) -> None:
        if speed <= 0:
            raise ValueError(f"speed {speed} must be more than 0")
        self.speed, self.stepped = speed, stepped
        self.on_defect: Callable[[], None] = lambda: None  # called after each callback that failed
        self._wall, self._origin = time.time(), time.monotonic()
        self._stepped_by = 0.0
        self._timers: list[Timer] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None
        if not stepped:
            self._thread = threading.Thread(target=self._run, name="clock", daemon=True)
            self._thread.start()

    def seconds(self) -> float:
        passed = self._stepped_by if self.stepped else (time.monotonic() - self._origin) * self.speed
        return self._wall + passed

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds(), UTC)

    def after(self, seconds: float, callback: Callable[[], None]) -> Timer:
        return self.at(self.seconds() + seconds, callback)

    def at(self, when: float, callback: Callable[[], None]) -> Timer:
        with self._changed:
            timer = Timer(when, next(self._numbers), callback)
            heapq.heappush(self._timers, timer)
            self._changed.notify()
        return timer

    def advance(self, seconds: float) -> None:
        """Steps the clock: timers until then fire at their own time, also those set by other timers on the way."""
        if not self.stepped:
            raise ValueError("this clock runs in real time; only a stepped clock can be advanced")
        target = self.seconds() + seconds
        while (timer := self._due(target)) is not None:
            self._stepped_by = max(self._stepped_by, timer.when - self._wall)
            self._fire(timer)
        self._stepped_by = max(self._stepped_by, target - self._wall)

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._timers.clear()
            self._changed.notify()
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join(timeout=5)

    def _due(self, until: float) -> Timer | None:
        with self._changed:
            while self._timers and (self._timers[0].cancelled or self._timers[0].when <= until):
                timer = heapq.heappop(self._timers)
                if not timer.cancelled:
                    return timer
        return None

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._closed:
                    return
                wait = (self._timers[0].when - self.seconds()) / self.speed if self._timers else None
                if wait is None or wait > 0:
                    self._changed.wait(wait)
            while (timer := self._due(self.seconds())) is not None:
                self._fire(timer)

    def _fire(self, timer: Timer) -> None:
        try:
            timer.callback()
        except Exception:  # one callback's defect must not stop time for the others
            log.exception("a callback of the clock failed")
            self.on_defect()
