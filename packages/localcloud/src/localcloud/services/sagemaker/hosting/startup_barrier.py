"""Calls back once, when all instances that were started together are ready or one of them has failed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from localcloud.core.counters import DEFECTS, Counters

log = logging.getLogger(__name__)


class StartupBarrier:
    """``done`` is called under ``lock``, unless the fleet was stopped before."""

    def __init__(
        self,
        count: int,
        done: Callable[[str], None],
        *,
        stopped: Callable[[], bool],
        lock: AbstractContextManager[Any],
        counters: Counters,
    ) -> None:
        self._remaining, self._done = count, done
        self._stopped, self._lock, self._counters = stopped, lock, counters
        self._called = False

    def report(self, failure: str) -> None:
        """One instance is ready ("") or has failed."""
        with self._lock:
            self._remaining -= 1
            if (self._remaining and not failure) or self._stopped() or self._called:
                return
            self._called = True
            try:
                self._done(failure)
            except Exception:
                log.exception("a callback for started instances failed")
                self._counters.count(DEFECTS)
