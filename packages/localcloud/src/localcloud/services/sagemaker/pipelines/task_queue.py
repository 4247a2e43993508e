"""Runs tasks one after the other on the caller's thread: a task that is put in while one runs waits for its turn."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable

from localcloud.core.counters import DEFECTS, Counters

log = logging.getLogger(__name__)
Task = Callable[[], None]


class TaskQueue:
    """Used under ``cloud.lock``."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._tasks: deque[Task] = deque()
        self._running = False

    def put(self, task: Task) -> None:
        self._tasks.append(task)
        if self._running:
            return
        self._running = True
        try:
            while self._tasks:
                self._run(self._tasks.popleft())
        finally:
            self._running = False

    def _run(self, task: Task) -> None:
        try:
            task()
        except Exception:  # one execution's defect must not stop the others
            log.exception("an execution cannot continue")
            self._counters.count(DEFECTS)
