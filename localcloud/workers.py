"""A pool for what is started under the lock and done without it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from localcloud.counters import DEFECTS, Counters

log = logging.getLogger(__name__)
THREADS = 64  # they wait on HTTP and on processes far more than they compute


class Workers:
    def __init__(self, counters: Counters) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="localcloud-work")
        self._counters = counters

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """After ``close`` nothing more is done: the future is cancelled."""
        try:
            return self._pool.submit(self._done_and_counted, function, *arguments)
        except RuntimeError:
            future: Future[Any] = Future()
            future.cancel()
            return future

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _done_and_counted(self, function: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return function(*arguments)
        except Exception:
            log.exception("background work failed: %s", getattr(function, "__qualname__", function))
            self._counters.count(DEFECTS)
            raise
