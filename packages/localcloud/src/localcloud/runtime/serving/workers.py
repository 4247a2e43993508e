"""Worker processes that share one listening socket, like gunicorn's: each has its own copy of the handler.

The first loads it at once, as the platform's first ping makes it do, the others at their first request. A worker that
ends is replaced.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

STOP = (signal.SIGTERM, signal.SIGINT)
START_FAILED = 3  # a worker's exit code: the others would fail as well


class Workers:
    def __init__(self, count: int, work: Callable[[bool], int], close: Callable[[], None]) -> None:
        """``work`` is called in each worker with True in the first one; ``close`` ends listening in this process."""
        self._count, self._work, self._close = count, work, close
        self._pids: set[int] = set()
        self._stopping = self._failed = False

    def run(self) -> int:
        for stop in STOP:
            signal.signal(stop, self._stop)
        for number in range(self._count):
            self._fork(first=number == 0)
        while self._pids:
            pid, status = os.wait()
            self._pids.discard(pid)
            if os.waitstatus_to_exitcode(status) == START_FAILED:
                self._failed = True
                self._stop()
            elif not self._stopping:
                self._fork(first=False)
        return int(self._failed)

    def _fork(self, first: bool) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP)  # a worker must not run the handler of this process
        pid = os.fork()
        if pid == 0:
            for stop in STOP:
                signal.signal(stop, lambda *_: os._exit(0))
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP)
            os._exit(self._work(first))
        self._pids.add(pid)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP)

    def _stop(self, *_: object) -> None:
        self._stopping = True
        self._close()
        for pid in list(self._pids):
            os.kill(pid, signal.SIGTERM)
