"""One deployment at a time: an object in the bucket that its owner rewrites every few seconds.

A run that finds it owned waits and watches: when it changes, its owner is alive; when it does not, its owner is dead,
and the run takes it over. It also carries the deployment that has no verdict yet. It is released, never deleted: two
runs can then never both believe that there is none.
"""

from __future__ import annotations

import threading
import time
import uuid
from contextlib import suppress
from types import TracebackType
from typing import Self

from release.context import Context
from release.state import s3_documents
from release.state.deployment import Deployment
from release.state.s3_documents import Document
from settings.errors import Problem

LATE_HEARTBEATS = 3  # after so many a change asks first whether this run still holds the lease


def key(context: Context) -> str:
    return f"{context.releases}/deployment.json"


def deployment_in(context: Context, document: Document) -> Deployment | None:
    """The deployment that has no verdict yet."""
    record = document.get("deployment")
    try:
        return Deployment.from_dict(record) if record else None
    except (TypeError, ValueError):
        raise s3_documents.invalid(context, key(context), "its deployment cannot be read") from None


def read(context: Context) -> tuple[Deployment | None, Document]:
    """As somebody sees it who does not hold it: the deployment that has no verdict yet, and the document."""
    found = s3_documents.read(context, key(context))
    document = found[0] if found else {}
    return deployment_in(context, document), document


class Lease:
    def __init__(self, context: Context) -> None:
        self._context, self._key = context, key(context)
        self._owner, self._etag, self._beats = uuid.uuid4().hex, "", 0
        self._deployment: Deployment | None = None
        self._write_lock, self._stopped, self._lost = threading.Lock(), threading.Event(), False
        self._renewed_at = 0.0  # by the wall clock: on a laptop that sleeps the other clocks stop
        self._thread = threading.Thread(target=self._heartbeat, name="lease", daemon=True)

    @property
    def deployment(self) -> Deployment | None:
        """The one that has no verdict yet: of this run, or of one that was interrupted."""
        return self._deployment

    @property
    def _age(self) -> float:
        return time.time() - self._renewed_at

    def __enter__(self) -> Self:
        while not self._acquire():
            pass
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Releases it at once, whatever happened; the deployment stays on it until it has its verdict."""
        self._stopped.set()
        try:
            with self._write_lock:
                if not self._lost:
                    self._put("")
        except Exception:
            if error is None:
                raise

    def record(self, deployment: Deployment | None) -> None:
        """Before anything is done about it."""
        self.check()
        with self._write_lock:
            self._deployment = deployment
            if not self._put(self._owner):
                self._lost = True
        self.check()

    def check(self) -> None:
        """Before every change: a run that was suspended for long may have lost the lease."""
        timing = self._context.timing
        late = self._age > LATE_HEARTBEATS * timing.heartbeat
        if late and not self._renew() and self._age > timing.lease_timeout:
            raise Problem(
                f"s3://{self._context.settings.bucket}/{self._key} could not be written for {self._age:.0f} s, so "
                "another run may take this one for dead: it stops before it changes anything more; run it again"
            )
        if self._lost:
            raise Problem(
                f"another run has taken over the deployment of {self._context.endpoint_name}, because this one did "
                "not renew its lease: this one stops; --status shows the other's progress"
            )

    def _acquire(self) -> bool:
        found = s3_documents.read(self._context, self._key)
        document, self._etag = found or ({}, "")
        if document.get("owner") and not self._is_abandoned():
            return False
        self._deployment = deployment_in(self._context, document)
        return self._put(self._owner)

    def _is_abandoned(self) -> bool:
        """False when it was released meanwhile."""
        timing, name = self._context.timing, self._context.endpoint_name
        self._context.say(f"a deployment of {name} is recorded as under way: checking whether its run is still alive")
        end = time.monotonic() + timing.lease_timeout
        while time.monotonic() < end:
            self._context.sleep(timing.heartbeat / 2)
            now = s3_documents.read(self._context, self._key)
            if now and now[1] != self._etag:
                if not now[0].get("owner"):
                    return False
                raise Problem(self._occupied(now[0]))
        self._context.say("it is not: continuing where it ended")
        return True

    def _occupied(self, document: Document) -> str:
        record, name = document.get("deployment") or {}, self._context.endpoint_name
        what = f"{record['package']} since {record['since']}" if record else "it has just started"
        return f"another deployment of {name} is under way ({what}): wait for it; --status shows it"

    def _put(self, owner: str) -> bool:
        self._beats, started = self._beats + 1, time.time()
        record = self._deployment.as_dict() if self._deployment else None
        document = {"owner": owner, "beat": self._beats, "deployment": record}
        etag = s3_documents.write(self._context, self._key, document, if_match=self._etag)
        if etag is None:  # also when our own write was sent twice because its response was lost
            found = s3_documents.read(self._context, self._key)
            etag = found[1] if found and found[0] == document and owner else None
        self._etag = etag or self._etag
        self._renewed_at = started if etag else self._renewed_at
        return etag is not None

    def _heartbeat(self) -> None:
        while not self._lost and not self._stopped.wait(self._context.timing.heartbeat):
            self._renew()

    def _renew(self) -> bool:
        """False when it could not be written; ``check`` decides what that means."""
        with self._write_lock:
            if not self._stopped.is_set():
                with suppress(Exception):  # a network that comes back
                    self._lost = not self._put(self._owner)
                    return True
            return False
