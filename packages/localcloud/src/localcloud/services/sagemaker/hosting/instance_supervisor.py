"""Keeps one instance of a fleet running: starts it, watches it, and replaces it when it dies."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Event, Thread

from localcloud.runtime.jobs.model_server import ModelServerError
from localcloud.services.sagemaker.hosting.instance import Instance

log = logging.getLogger(__name__)
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # between replacements of short-lived instances
STABLE_SECONDS = 30.0  # an instance that ran longer than this is replaced at once


class InstanceSupervisor:
    """``start`` starts an instance or raises ModelServerError. ``report`` is called once, about the first instance:
    with "" when it is ready, or with the reason why it failed."""

    def __init__(
        self, create: Callable[[], Instance], start: Callable[[Instance], None], report: Callable[[str], None]
    ) -> None:
        self.serving: Instance | None = None  # the instance while it answers requests
        self.leaving = Event()
        self._create, self._start_instance, self._report = create, start, report
        self._current: Instance | None = None
        self._uptime = 0.0
        self._thread = Thread(target=self._supervise, name="localcloud-supervisor", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def kill(self) -> None:
        """Kills its instance, which is not replaced."""
        self.leaving.set()
        if current := self._current:
            current.kill()

    def wait_ended(self, seconds: float) -> None:
        """For the process; the thread may end later."""
        if current := self._current:
            current.wait(seconds)

    def join(self) -> None:
        self._thread.join(timeout=10)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def _supervise(self) -> None:
        pause, report = 0.0, self._report
        while not self.leaving.wait(pause):
            failure = self._run_instance(report)
            if failure and report is self._report:
                report("" if self.leaving.is_set() else failure)
                return
            report = _ignore
            pause = 0.0 if self._uptime > STABLE_SECONDS else min(LONGEST_PAUSE, max(FIRST_PAUSE, pause * 2))
        report("")  # it was stopped before its first instance was ready

    def _run_instance(self, report: Callable[[str], None]) -> str:
        """From its start to its end; returns the reason when it did not start."""
        self._uptime = 0.0
        instance = self._current = self._create()
        try:
            if self.leaving.is_set():
                instance.kill()
            self._start_instance(instance)
            started, self.serving = time.monotonic(), instance
            report("")
            instance.wait()
            self._uptime = time.monotonic() - started
            if not self.leaving.is_set():
                log.warning("%s died and is replaced", instance.name)
        except (ModelServerError, OSError) as problem:  # OSError: this machine is out of resources
            return str(problem)
        finally:
            self.serving = None
            instance.close()
        return ""


def _ignore(_: str) -> None:
    return
