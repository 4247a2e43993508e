"""All fleets of a cloud, so that none outlives it; and what the runtime needs of the endpoints' API."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Protocol
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud
    from localcloud.services.sagemaker.hosting.fleet import Fleet
    from localcloud.services.sagemaker.hosting.routing import Routes


class Endpoints(Protocol):
    """The service called sagemaker."""

    def endpoint_routes(self, name: str) -> Routes | None:
        """None while there is nothing that answers: no such endpoint, Creating, Failed. Called without the lock."""


class Desk:
    def __init__(self) -> None:
        self._fleets: set[Fleet] = set()
        self._lock, self._closed = Lock(), False

    def enter(self, fleet: Fleet) -> bool:
        """False once the cloud closes: nothing may be started any more."""
        with self._lock:
            if not self._closed:
                self._fleets.add(fleet)
            return not self._closed

    def leave(self, fleet: Fleet) -> None:
        with self._lock:
            self._fleets.discard(fleet)

    @property
    def fleets(self) -> list[Fleet]:
        with self._lock:
            return list(self._fleets)

    def abandon(self) -> None:
        """At once, and nothing is kept."""
        for fleet in self.fleets:
            fleet.abandon()

    def close(self) -> None:
        """At once; what was captured is written. No process and no thread is left."""
        with self._lock:
            self._closed = True
        for fleet in self.fleets:
            fleet.close()


_DESKS: WeakKeyDictionary[Cloud, Desk] = WeakKeyDictionary()
_MAKING = Lock()


def desk(cloud: Cloud) -> Desk:
    with _MAKING:
        return _DESKS.setdefault(cloud, Desk())
