"""Numbers that tell how a server is doing. "500" and the operations that nobody implements must stay at nothing."""

from __future__ import annotations

from collections import Counter
from threading import Lock

CALLS = "calls"
DEFECTS = "500"  # answers and background work that failed by a defect of ours or of moto's
MISSING = "not implemented"  # followed by the operation: "not implemented: sagemaker.CreateApp"
PLAYED_HOSTS = "played"  # followed by the AWS host that a process named and we answered for
REFUSED_HOSTS = "refused to reach"  # followed by the host that is not AWS's


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
