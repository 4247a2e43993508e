"""Caches small objects of S3 by ETag: most of what a job reads are scripts that the job before it read too."""

from __future__ import annotations

from threading import Lock

MAX_OBJECT_BYTES, CAPACITY_BYTES = 256 << 10, 64 << 20


class EtagCache:
    """The same ETag means the same content, in whichever bucket. When the cache is full, the oldest objects go."""

    def __init__(self, capacity: int = CAPACITY_BYTES) -> None:
        self._bodies: dict[str, bytes] = {}
        self._free, self._lock = capacity, Lock()

    def get(self, etag: str) -> bytes | None:
        return self._bodies.get(etag)

    def put(self, etag: str, body: bytes) -> None:
        with self._lock:
            if not etag or etag in self._bodies or len(body) > MAX_OBJECT_BYTES:
                return
            self._bodies[etag] = body
            self._free -= len(body)
            while self._free < 0:
                self._free += len(self._bodies.pop(next(iter(self._bodies))))
