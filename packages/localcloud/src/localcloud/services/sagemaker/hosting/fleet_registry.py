"""All fleets that have processes, so that none outlives a reset or the server."""

from __future__ import annotations

import shutil
from pathlib import Path
from threading import Lock
from typing import Protocol

from localcloud.core.service import Part


class Stoppable(Protocol):
    """A fleet."""

    def abandon(self) -> None:
        """Stop at once and discard captured data."""

    def close(self) -> None:
        """Stop at once and write captured data."""


class FleetRegistry(Part):
    def __init__(self, folder: Path) -> None:
        """``folder`` holds the unpacked models; those of a server that was killed are removed."""
        self.folder = folder
        shutil.rmtree(folder, ignore_errors=True)
        self._fleets: set[Stoppable] = set()
        self._lock, self._closed = Lock(), False

    def add(self, fleet: Stoppable) -> bool:
        """False once the cloud closes: nothing may be started any more."""
        with self._lock:
            if not self._closed:
                self._fleets.add(fleet)
            return not self._closed

    def remove(self, fleet: Stoppable) -> None:
        with self._lock:
            self._fleets.discard(fleet)

    @property
    def fleets(self) -> list[Stoppable]:
        with self._lock:
            return list(self._fleets)

    def reset(self) -> None:
        """No process of a fleet is left when it returns."""
        for fleet in self.fleets:
            fleet.abandon()

    def close(self) -> None:
        """No process and no thread of a fleet is left when it returns."""
        with self._lock:
            self._closed = True
        for fleet in self.fleets:
            fleet.close()
