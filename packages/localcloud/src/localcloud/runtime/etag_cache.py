"""Small objects of S3 that were read once, by ETag: most of what a job reads are scripts that the last one read."""

from __future__ import annotations

from threading import Lock

LARGEST, ROOM = 256 << 10, 64 << 20  # bytes


class SmallObjects:
    """The same ETag is the same content, wherever it is kept. When there is no room, the oldest go."""

    def __init__(self, room: int = ROOM) -> None:
        self._bodies: dict[str, bytes] = {}
        self._free, self._lock = room, Lock()

    def get(self, etag: str) -> bytes | None:
        return self._bodies.get(etag)

    def keep(self, etag: str, body: bytes) -> None:
        with self._lock:
            if not etag or etag in self._bodies or len(body) > LARGEST:
                return
            self._bodies[etag] = body
            self._free -= len(body)
            while self._free < 0:
                self._free += len(self._bodies.pop(next(iter(self._bodies))))
