"""One deployment at a time: an object in the bucket that its owner rewrites every few seconds.

Whoever finds it owned waits and looks: it changes, so its owner lives; it rests, so its owner is dead, and the finder
takes it over. It also carries the deployment that has no verdict yet. It is given back, never deleted: two can then
never both believe that there is none.
"""

from __future__ import annotations

import threading
import time
import uuid
from contextlib import suppress
from types import TracebackType
from typing import Self

from release.context import Site
from release.state import s3_documents
from release.state.deployment import Deployment
from release.state.s3_documents import Document
from settings.errors import Problem

BEATS = 3  # so many may be late before a change asks whether it is still this run's turn


def key(site: Site) -> str:
    return f"{site.releases}/deployment.json"


def noted(site: Site, document: Document) -> Deployment | None:
    """The deployment that has no verdict yet."""
    told = document.get("deployment")
    try:
        return Deployment.of(told) if told else None
    except (TypeError, ValueError):
        raise s3_documents.damaged(site, key(site), "its deployment cannot be read") from None


class Lease:
    def __init__(self, site: Site) -> None:
        self._site, self._key = site, key(site)
        self._owner, self._etag, self._beats = uuid.uuid4().hex, "", 0
        self._deployment: Deployment | None = None
        self._writing, self._stopped, self._lost = threading.Lock(), threading.Event(), False
        self._heard = 0.0  # when this run was last known to have its turn; a laptop that sleeps stops other clocks
        self._thread = threading.Thread(target=self._beat, name="lease", daemon=True)

    @property
    def deployment(self) -> Deployment | None:
        """The one that has no verdict yet: of this run, or of one that was interrupted."""
        return self._deployment

    @property
    def _silent(self) -> float:
        return time.time() - self._heard

    def __enter__(self) -> Self:
        while not self._take():
            pass
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Given back at once, whatever happened; the deployment stays on it until it has its verdict."""
        self._stopped.set()
        try:
            with self._writing:
                if not self._lost:
                    self._put("")
        except Exception:
            if error is None:
                raise

    def note(self, deployment: Deployment | None) -> None:
        """Written before anything is done about it."""
        self.check()
        with self._writing:
            self._deployment = deployment
            if not self._put(self._owner):
                self._lost = True
        self.check()

    def check(self) -> None:
        """Before every change: a run that was asleep for long may have lost its turn."""
        pace = self._site.pace
        if self._silent > BEATS * pace.beat and not self._say_alive() and self._silent > pace.patience:
            raise Problem(
                f"s3://{self._site.settings.bucket}/{self._key} could not be written for {self._silent:.0f} s, so that "
                "another run may think this one dead: it stops before it changes anything more; run it again"
            )
        if self._lost:
            raise Problem(
                f"another run has taken over the deployment of {self._site.endpoint}, because nothing was heard of "
                "this one: this one stops; --status shows how the other goes"
            )

    def _take(self) -> bool:
        found = s3_documents.read(self._site, self._key)
        document, self._etag = found or ({}, "")
        if document.get("owner") and not self._abandoned():
            return False
        self._deployment = noted(self._site, document)
        return self._put(self._owner)

    def _abandoned(self) -> bool:
        """False when it was given back while we looked."""
        self._site.say(
            f"a deployment of {self._site.endpoint} is noted as under way: seeing whether its run still lives"
        )
        end = time.monotonic() + self._site.pace.patience
        while time.monotonic() < end:
            self._site.sleep(self._site.pace.beat / 2)
            now = s3_documents.read(self._site, self._key)
            if now and now[1] != self._etag:
                if not now[0].get("owner"):
                    return False
                raise Problem(self._occupied(now[0]))
        self._site.say("it does not: going on from where it ended")
        return True

    def _occupied(self, document: Document) -> str:
        told = document.get("deployment") or {}
        what = f"{told['package']} since {told['since']}" if told else "it has just begun"
        return f"another deployment of {self._site.endpoint} is under way ({what}): wait for it; --status shows it"

    def _put(self, owner: str) -> bool:
        self._beats, begun = self._beats + 1, time.time()
        told = self._deployment.told() if self._deployment else None
        document = {"owner": owner, "beat": self._beats, "deployment": told}
        etag = s3_documents.write(self._site, self._key, document, only=self._etag)
        if etag is None:  # also when our own write was sent twice because its answer got lost
            found = s3_documents.read(self._site, self._key)
            etag = found[1] if found and found[0] == document and owner else None
        self._etag = etag or self._etag
        self._heard = begun if etag else self._heard
        return etag is not None

    def _beat(self) -> None:
        while not self._lost and not self._stopped.wait(self._site.pace.beat):
            self._say_alive()

    def _say_alive(self) -> bool:
        """False while it cannot be said; ``check`` decides what that means."""
        with self._writing:
            if not self._stopped.is_set():
                with suppress(Exception):  # a network that comes back
                    self._lost = not self._put(self._owner)
                    return True
            return False
