"""Bake traffic: recorded requests, sent by a few threads while the new fleet has too little traffic of its own.

Every request ends in exactly one count: answered, failed (the endpoint returned an error), lost (no response).
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
    """Enter it, then ``drive(True)`` and ``drive(False)`` as needed. Without bodies or a rate nothing is ever sent."""

    def __init__(self, runtime: Any, endpoint: str, bodies: Sequence[bytes], per_second: float) -> None:
        self._runtime, self._endpoint = runtime, endpoint
        self._bodies, self._per_second = itertools.cycle(bodies), per_second
        self.possible = bool(bodies) and per_second > 0
        self._active, self._stopped, self._lock = threading.Event(), threading.Event(), threading.Lock()
        self._counts, self._due = dict.fromkeys(("answered", "failed", "lost"), 0), 0.0
        self._threads = [threading.Thread(target=self._work, name="bake", daemon=True) for _ in range(THREADS)]

    @property
    def counts(self) -> Counts:
        with self._lock:
            return Counts(**self._counts)

    def drive(self, active: bool) -> None:
        if active and self.possible:
            self._active.set()
        else:
            self._active.clear()

    def __enter__(self) -> Self:
        if self.possible:
            for thread in self._threads:
                thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Waits for pending responses, so that the counts add up; an interrupted run does not."""
        self._stopped.set()
        self._active.set()
        for thread in self._threads:
            if thread.is_alive() and kind is None:
                thread.join(timeout=70)

    def _work(self) -> None:
        while True:
            self._active.wait()
            with self._lock:
                now = time.monotonic()
                due = self._due = max(self._due + 1 / self._per_second, now)
                body = next(self._bodies)
            if self._stopped.wait(due - now):
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
        except Exception:  # noqa: BLE001 - no response, for whatever reason
            return "lost"
        return "answered"
