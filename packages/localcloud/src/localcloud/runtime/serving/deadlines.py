"""The time-out of a request: nginx responds with a 504, and gunicorn ends the worker that is still busy with it.

Another request that waits in this worker gets nginx's 502. Nothing more is accepted: a worker in its place does that.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus

Respond = Callable[[HTTPStatus], None]


class Deadlines:
    def __init__(self, seconds: float, end_accepting: Callable[[], object]) -> None:
        self.seconds, self._end_accepting = seconds, end_accepting
        self._running: dict[object, tuple[float, Respond]] = {}

    def start(self) -> None:
        threading.Thread(target=self._watch, name="localcloud-deadlines", daemon=True).start()

    @contextmanager
    def limit(self, respond: Respond) -> Iterator[None]:
        """``respond`` is called, and the process ends, when the block takes longer."""
        block = object()
        self._running[block] = (time.monotonic() + self.seconds, respond)
        try:
            yield
        finally:
            del self._running[block]

    def _watch(self) -> None:
        while True:
            time.sleep(min(1.0, self.seconds / 10))
            if any(time.monotonic() > end for end, _ in list(self._running.values())):
                self._end_worker()

    def _end_worker(self) -> None:
        self._end_accepting()
        now = time.monotonic()
        for end, respond in list(self._running.values()):
            with suppress(OSError):  # the client may be gone already
                respond(HTTPStatus.GATEWAY_TIMEOUT if now > end else HTTPStatus.BAD_GATEWAY)
        os._exit(1)
