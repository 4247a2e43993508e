"""Bake traffic: recorded requests, sent by a few threads while the new fleet has too little traffic of its own.

Every request ends in exactly one count: answered, failed (the endpoint answered with an error), lost (no answer).
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

THREADS = 8
CSV = "text/csv"


@dataclass(frozen=True)
class Counts:
    answered: int = 0
    failed: int = 0
    lost: int = 0

    @property
    def sent(self) -> int:
        return self.answered + self.failed + self.lost

    def __str__(self) -> str:
        return f"{self.sent} sent: {self.answered} answered, {self.failed} failed, {self.lost} lost"


class Traffic:
    """Open it, then ``drive(True)`` and ``drive(False)`` as needed. Without bodies or rate nothing is ever sent."""

    def __init__(self, runtime: Any, endpoint: str, bodies: Sequence[bytes], per_second: float) -> None:
        self._runtime, self._endpoint = runtime, endpoint
        self._bodies, self._per_second = itertools.cycle(bodies), per_second
        self.possible = bool(bodies) and per_second > 0
        self._wanted, self._ended, self._lock = threading.Event(), threading.Event(), threading.Lock()
        self._counts, self._due = dict.fromkeys(("answered", "failed", "lost"), 0), 0.0
        self._threads = [threading.Thread(target=self._work, name="bake", daemon=True) for _ in range(THREADS)]

    @property
    def counts(self) -> Counts:
        with self._lock:
            return Counts(**self._counts)

    def drive(self, wanted: bool) -> None:
        if wanted and self.possible:
            self._wanted.set()
        else:
            self._wanted.clear()

    def __enter__(self) -> Self:
        if self.possible:
            for thread in self._threads:
                thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """What is on its way gets its answer, so that the counts add up; an interrupted run does not wait for it."""
        self._ended.set()
        self._wanted.set()
        for thread in self._threads:
            if thread.is_alive() and kind is None:
                thread.join(timeout=70)

    def _work(self) -> None:
        while True:
            self._wanted.wait()
            with self._lock:
                now = time.monotonic()
                due = self._due = max(self._due + 1 / self._per_second, now)
                body = next(self._bodies)
            if self._ended.wait(due - now):
                return
            outcome = self._send(body)
            with self._lock:
                self._counts[outcome] += 1

    def _send(self, body: bytes) -> str:
        from botocore.exceptions import ClientError

        try:
            self._runtime.invoke_endpoint(EndpointName=self._endpoint, ContentType=CSV, Body=body)["Body"].read()
        except ClientError:
            return "failed"
        except Exception:  # noqa: BLE001 - no answer, for whatever reason
            return "lost"
        return "answered"
