"""A pool for what is started under the lock and done without it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from localcloud.core.counters import DEFECTS, Counters

log = logging.getLogger(__name__)
THREADS = 64  # they wait on HTTP and on processes far more than they compute


class Workers:
    def __init__(self, counters: Counters) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="localcloud-work")
        self._counters = counters
        self._under_way: set[Future[Any]] = set()

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """After ``close`` nothing more is done: the future is cancelled."""
        try:
            future = self._pool.submit(self._done_and_counted, function, *arguments)
        except RuntimeError:
            future = Future()
            future.cancel()
            return future
        self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)
        return future

    def settle(self, seconds: float) -> None:
        """At most so long, for what is under way."""
        wait(self._under_way.copy(), seconds)

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _done_and_counted(self, function: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return function(*arguments)
        except Exception:
            log.exception("background work failed: %s", getattr(function, "__qualname__", function))
            self._counters.count(DEFECTS)
            raise
