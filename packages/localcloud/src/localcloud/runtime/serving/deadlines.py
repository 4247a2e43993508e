"""The time-out of a request: nginx responds with a 504, and gunicorn ends the worker that is still busy with it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Respond = Callable[[], None]


class Deadlines:
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._running: dict[int, tuple[float, Respond]] = {}  # by thread

    def start(self) -> None:
        threading.Thread(target=self._watch, name="localcloud-deadlines", daemon=True).start()

    @contextmanager
    def limit(self, respond: Respond) -> Iterator[None]:
        """``respond`` is called, and the process ends, when the block takes longer."""
        thread = threading.get_ident()
        self._running[thread] = (time.monotonic() + self.seconds, respond)
        try:
            yield
        finally:
            del self._running[thread]

    def _watch(self) -> None:
        while True:
            time.sleep(min(1.0, self.seconds / 10))
            late = [respond for end, respond in list(self._running.values()) if time.monotonic() > end]
            for respond in late:
                with suppress(OSError):  # the client may be gone already
                    respond()
            if late:
                os._exit(1)
