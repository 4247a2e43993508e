"""Counters of a server's health. "500" and operations that are not implemented must stay at 0."""

from __future__ import annotations

from collections import Counter
from threading import Lock

CALLS = "calls"
DEFECTS = "500"  # responses and background work that failed by a defect of localcloud or moto
MISSING = "not implemented"  # followed by the operation: "not implemented: sagemaker.CreateApp"
REDIRECTED_HOSTS = "redirected"  # followed by the AWS host in whose place localcloud responded
BLOCKED_HOSTS = "blocked"  # followed by a host that is not AWS's


class Counters:
    def __init__(self) -> None:
        self._counter: Counter[str] = Counter()
        self._lock = Lock()

    def count(self, name: str) -> None:
        with self._lock:
            self._counter[name] += 1

    def __getitem__(self, name: str) -> int:
        with self._lock:
            return self._counter[name]

    def all(self) -> dict[str, int]:
        with self._lock:
            return dict(sorted(self._counter.items()))
