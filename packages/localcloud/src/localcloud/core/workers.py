"""A pool of threads for work that is started under the lock and runs without it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from localcloud.core.counters import DEFECTS, Counters

log = logging.getLogger(__name__)
THREADS = 64  # they mostly wait for HTTP and for processes


class Workers:
    def __init__(self, counters: Counters) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="localcloud-work")
        self._counters = counters
        self._running: set[Future[Any]] = set()

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """After ``close`` the future is cancelled."""
        try:
            future = self._pool.submit(self._run, function, *arguments)
        except RuntimeError:
            future = Future()
            future.cancel()
            return future
        self._running.add(future)
        future.add_done_callback(self._running.discard)
        return future

    def settle(self, seconds: float) -> None:
        """Waits for the running work, at most so long."""
        wait(self._running.copy(), seconds)

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return function(*arguments)
        except Exception:
            log.exception("background work failed: %s", getattr(function, "__qualname__", function))
            self._counters.count(DEFECTS)
            raise
