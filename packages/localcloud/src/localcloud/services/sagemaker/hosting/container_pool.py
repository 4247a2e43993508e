"""The containers of a serverless variant that its requests start: each serves one request at a time, and ends when it
has been idle for a while by the cloud's clock."""

from __future__ import annotations

from threading import Lock, Thread

from localcloud.core.clock import Clock, Timer
from localcloud.services.sagemaker.hosting.instance import Instance


class ContainerPool:
    def __init__(self, clock: Clock, idle_seconds: float) -> None:
        self._clock, self._idle_seconds = clock, idle_seconds
        self._idle: list[tuple[Instance, Timer]] = []  # the one that was used last is the last one
        self._containers: set[Instance] = set()
        self._lock, self._closed = Lock(), False

    @property
    def size(self) -> int:
        return len(self._containers)

    def take(self) -> Instance | None:
        """An idle one; None when there is none."""
        with self._lock:
            if not self._idle:
                return None
            container, timer = self._idle.pop()
            timer.cancel()
            return container

    def add(self, container: Instance) -> None:
        """One that is about to start; of a closed pool it will not."""
        with self._lock:
            self._containers.add(container)
            if self._closed:
                container.kill()

    def give_back(self, container: Instance) -> None:
        with self._lock:
            if self._closed:
                return
            timer = self._clock.after(self._idle_seconds, lambda: self._expire(container))
            self._idle.append((container, timer))

    def discard(self, container: Instance) -> None:
        with self._lock:
            self._containers.discard(container)
        container.close()

    def kill(self) -> None:
        """All of them, at once; none is started any more."""
        with self._lock:
            self._closed = True
            for _, timer in self._idle:
                timer.cancel()
            self._idle.clear()
            containers = list(self._containers)
        for container in containers:
            container.kill()

    def wait_ended(self, seconds: float) -> None:
        for container in list(self._containers):
            container.wait(seconds)

    def close(self) -> None:
        self.kill()
        for container in list(self._containers):
            self.discard(container)

    def _expire(self, container: Instance) -> None:
        """On the clock's thread: what takes time is done on another one."""
        with self._lock:
            idle = [each for each, _ in self._idle]
            if container not in idle:
                return
            del self._idle[idle.index(container)]
        Thread(target=self.discard, args=(container,), name="localcloud-container", daemon=True).start()
