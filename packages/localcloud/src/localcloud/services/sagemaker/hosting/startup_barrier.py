"""Instances that were asked for together, and the one word that is owed for them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from localcloud.core.counters import DEFECTS

if TYPE_CHECKING:
    from localcloud.services.sagemaker.hosting.fleet import Fleet

log = logging.getLogger(__name__)


class Batch:
    def __init__(self, fleet: Fleet, count: int, done: Callable[[str], None]) -> None:
        self._fleet, self._left = fleet, count
        self._done: Callable[[str], None] | None = done

    def told(self, why: str) -> None:
        """One of them answers, or cannot. A stopped fleet owes nobody a word."""
        with self._fleet.cloud.lock:
            self._left -= 1
            if (self._left and not why) or self._fleet.stopped or not self._done:
                return
            done, self._done = self._done, None
            try:
                done(why)
            except Exception:
                log.exception("what waits for instances of %s failed", self._fleet.endpoint)
                self._fleet.cloud.counters.count(DEFECTS)
