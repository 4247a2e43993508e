"""CloudWatch Logs for localcloud's services: lines are written to moto's Logs in order, in batches, by a thread.

They are written to the backend's streams directly: PutLogEvents refuses times more than two hours ahead, which a fast
clock soon exceeds.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from typing import Any

from localcloud.core.clock import Clock
from localcloud.core.counters import DEFECTS, Counters
from localcloud.core.moto_backends import Backends

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Lines:
    group: str
    stream: str
    lines: Sequence[str]
    at: datetime


class LogWriter:
    def __init__(self, clock: Clock, counters: Counters, moto: Backends) -> None:
        self._clock, self._counters, self._moto = clock, counters, moto
        self._queue: SimpleQueue[_Lines | Event | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._starting = Lock()
        self._closed = False

    def write(self, group: str, stream: str, lines: Sequence[str], at: datetime | None = None) -> None:
        """Creates the group and the stream if they do not exist; without lines it does only that."""
        if self._started():
            self._queue.put(_Lines(group, stream, tuple(lines), at or self._clock.now()))

    def flush(self, timeout: float = 10.0) -> bool:
        """Returns when all lines so far can be read; False when that takes too long."""
        if not self._thread or self._closed:
            return True
        written = Event()
        self._queue.put(written)
        return written.wait(timeout)

    def close(self) -> None:
        with self._starting:
            self._closed = True
        if self._thread:
            self._queue.put(None)
            self._thread.join()

    def _started(self) -> bool:
        with self._starting:
            if not self._thread and not self._closed:
                self._thread = Thread(target=self._run, name="localcloud-logs", daemon=True)
                self._thread.start()
            return not self._closed

    def _run(self) -> None:
        while (batch := self._batch())[-1:] != [None]:
            self._write(batch)
        self._write(batch[:-1])

    def _batch(self) -> list[_Lines | Event | None]:
        """All queued items, up to the end marker (None)."""
        batch = [self._queue.get()]
        try:
            while batch[-1] is not None:
                batch.append(self._queue.get_nowait())
        except Empty:
            pass
        return batch

    def _write(self, batch: Iterable[_Lines | Event | None]) -> None:
        streams: dict[tuple[str, str], list[dict[str, Any]]] = {}
        flushes: list[Event] = []
        for item in batch:
            if isinstance(item, Event):
                flushes.append(item)
            elif item:
                millis = int(item.at.timestamp() * 1000)
                events = [{"timestamp": millis, "message": line} for line in item.lines if line]
                streams.setdefault((item.group, item.stream), []).extend(events)
        for (group, stream), events in streams.items():
            try:
                self._put(group, stream, events)
            except Exception:
                log.exception("lines of %s %s are lost", group, stream)
                self._counters.count(DEFECTS)
        for flush in flushes:
            flush.set()

    def _put(self, group: str, stream: str, events: list[dict[str, Any]]) -> None:
        with self._moto("logs") as logs:
            logs.ensure_log_group(group)
            logs.ensure_log_stream(group, stream)
            if events:
                logs.groups[group].put_log_events(stream, events)
