"""One place in a fleet: an instance is started for it, watched, and replaced when it dies."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Event, Thread

from localcloud.runtime.jobs.model_server import CannotServe
from localcloud.services.sagemaker.hosting.instance import Instance

log = logging.getLogger(__name__)
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # between two replacements that do not live long
LONG_ENOUGH = 30.0  # seconds of a life after which the next replacement comes at once


class Keeper:
    """``begin`` makes an instance start, or raises CannotServe. ``told`` hears once how the first one fared."""

    def __init__(
        self, make: Callable[[], Instance], begin: Callable[[Instance], None], told: Callable[[str], None]
    ) -> None:
        self.serving: Instance | None = None  # answers requests
        self.leaving = Event()
        self._make, self._begin, self._told = make, begin, told
        self._current: Instance | None = None
        self._thread = Thread(target=self._keep, name="localcloud-keeper", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def kill(self) -> None:
        """Its instance ends now, and is the last one."""
        self.leaving.set()
        if current := self._current:
            current.kill()

    def wait_ended(self, seconds: float) -> None:
        """For the process; the thread may still be at it."""
        if current := self._current:
            current.wait(seconds)

    def join(self) -> None:
        self._thread.join(timeout=10)

    def _keep(self) -> None:
        pause, tell = 0.0, self._told
        while not self.leaving.wait(pause):
            why = self._life(tell)
            if why and tell is self._told:
                tell("" if self.leaving.is_set() else why)
                return
            tell, lived = _unheard, self._lived
            pause = 0.0 if lived > LONG_ENOUGH else min(LONGEST_PAUSE, max(FIRST_PAUSE, pause * 2))
        tell("")  # nobody waits for it any more

    def _life(self, tell: Callable[[str], None]) -> str:
        """Of one instance; returns why it did not begin."""
        self._lived = 0.0
        instance = self._current = self._make()
        try:
            if self.leaving.is_set():
                instance.kill()
            self._begin(instance)
            began, self.serving = time.monotonic(), instance
            tell("")
            instance.wait()
            self._lived = time.monotonic() - began
            if not self.leaving.is_set():
                log.warning("%s died and is replaced", instance.name)
        except (CannotServe, OSError) as problem:  # the latter: this machine has no more to give
            return str(problem)
        finally:
            self.serving = None
            instance.close()
        return ""


def _unheard(_: str) -> None:
    return
