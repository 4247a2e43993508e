"""The WSGI front: each request goes to a service of ours, to the control plane, or to moto; each answer is AWS's."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from email.utils import format_datetime
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Any

from localcloud.core import protocols
from localcloud.core.counters import CALLS, DEFECTS, MISSING
from localcloud.core.protocols import Answer, Call
from localcloud.core.refusal import NOT_IMPLEMENTED, Refusal, not_implemented
from localcloud.core.request_validation import request_problems
from localcloud.server import moto_errors, routing
from localcloud.server.control import PATH, Control
from localcloud.server.moto_app import WAITERS, Moto, Start, Told
from localcloud.server.routing import Directory, Scope

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

log = logging.getLogger("localcloud.calls")
READS = ("Describe", "List", "Get", "Head", "GET", "HEAD", "Invoke")  # by the hundred: logged only when refused
NOT_OURS = b"localcloud answers as 127.0.0.1, as localhost and under AWS's names.\n"
UNKNOWN = (None, True)
WAITING = "localcloud.waiting"  # the server's; see server.py


class Front:
    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.control = Control(cloud)
        self._parts: tuple[Directory, Moto] | None = None
        self._making = Lock()

    def warm(self) -> tuple[Directory, Moto]:
        """What takes a second of imports: at the first request, unless it was done before while nobody waited."""
        if not self._parts:
            with self._making:
                self._parts = self._parts or (Directory(self.cloud.services), Moto(self.cloud.account))
        return self._parts

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        """Every answer's Date is the cloud's own time, by which clients judge whether a signature or a link is late."""
        return self._answered(environ, lambda status, headers: start(status, self._dated(headers)))

    def _dated(self, headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        now = format_datetime(self.cloud.clock.now(), usegmt=True)
        return [*(header for header in headers if header[0].lower() != "date"), ("Date", now)]

    def _answered(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        if not routing.is_for_us(environ):
            start("403 Forbidden", [("Content-Type", "text/plain"), ("Content-Length", str(len(NOT_OURS)))])
            return [NOT_OURS]
        if environ["PATH_INFO"].startswith(PATH):
            return self.control(environ, start)
        began = time.perf_counter()
        self.cloud.counters.count(CALLS)
        signed = routing.scope(environ)
        call, what = routing.foreign(environ, signed), "a call"
        try:
            directory, moto = self.warm()
            ours = directory.find(environ, signed)
            call = ours or call
            what = ours.name if ours else routing.foreign_name(environ, call.service, self.cloud.faults.watched)
            answer = self._ours(environ, ours, signed) if ours else self._foreign(environ, call, what, moto)
        except Exception as error:  # noqa: BLE001 - a Refusal or a defect: both become an answer
            answer = _told(protocols.refuse(call, self._refusal(error, what)))
        status, headers, body = answer
        self._log(what, int(status[:3]), began)
        start(status, headers)
        return body

    def _ours(self, environ: dict[str, Any], call: Call, signed: Scope) -> Told:
        _, locked = self.cloud.services[call.service].operations.get(call.operation, UNKNOWN)
        with _more(environ, not locked):
            self._admit(call, signed)
            return _told(protocols.answer(call, self._perform(call)))

    def _admit(self, call: Call, signed: Scope) -> None:
        if not signed.service:
            raise Refusal("MissingAuthenticationToken", "Missing Authentication Token", 403)
        here = self.cloud.region
        if signed.region != here:
            sentence = f"This localcloud is region {here}; the request is for {signed.region}: set AWS_REGION={here}."
            raise Refusal("RegionNotServedByLocalcloud", sentence)
        if call.asked.startswith("/"):
            raise not_implemented(f"{call.service} over {call.asked}")
        if not call.operation:
            raise Refusal("UnknownOperationException", f"{call.service} has no operation {call.asked!r}.")
        if fault := self.cloud.faults.next_call(call.name):
            raise fault

    def _perform(self, call: Call) -> dict[str, Any]:
        service = self.cloud.services[call.service]
        if call.operation not in service.operations:
            raise not_implemented(call.name)
        method, locked = service.operations[call.operation]
        request = protocols.raw(call) if call.protocol == "json" else protocols.parse(call)
        if problems := request_problems(call.service, call.operation, request):
            count = f"{len(problems)} validation error{'s'[: len(problems) > 1]} detected"
            raise Refusal(service.validation_code, f"{count}: {'; '.join(problems)}")
        if call.protocol == "json":
            request = protocols.parse(call)
        with self.cloud.lock if locked else nullcontext():
            answer: dict[str, Any] = method(request) or {}
            return answer

    def _foreign(self, environ: dict[str, Any], call: Call, what: str, moto: Moto) -> Told:
        if fault := self.cloud.faults.next_call(what, environ[WAITING]):
            raise fault
        if what.startswith("sqs."):  # the URLs of queues are made from the host that was asked: ours, not AWS's
            environ["HTTP_HOST"] = self.cloud.url.partition("://")[2]
        try:
            with _more(environ, what in WAITERS):
                status, headers, body = moto(environ, what)
        except Refusal:
            raise
        except Exception:
            if told := moto_errors.refusal(environ, call, what):
                raise told from None
            raise
        if status.startswith("5"):
            self.cloud.counters.count(DEFECTS)
        return status, headers, body

    def _refusal(self, error: Exception, what: str) -> Refusal:
        if not isinstance(error, Refusal):
            log.error("%s failed", what, exc_info=error)
            self.cloud.counters.count(DEFECTS)
            sentence = f"{what} failed inside localcloud: `python -m localcloud logs` tells why."
            return Refusal("InternalFailure", sentence, 500)
        if error.code == NOT_IMPLEMENTED:
            self.cloud.counters.count(f"{MISSING}: {what}")
        return error

    def _log(self, what: str, status: int, began: float) -> None:
        if status >= 400 or not what.partition(".")[2].startswith(READS):
            log.info("%s %d %.1f ms", what, status, (time.perf_counter() - began) * 1000)


def _more(environ: dict[str, Any], waits: bool) -> AbstractContextManager[Any]:
    """What may wait long has another thread take calls meanwhile."""
    more: AbstractContextManager[Any] = environ[WAITING]() if waits else nullcontext()
    return more


def _told(answer: Answer) -> Told:
    try:
        reason = HTTPStatus(answer.status).phrase
    except ValueError:
        reason = "Refused"
    headers = answer.headers | {"x-amzn-RequestId": answer.request_id, "Content-Length": str(len(answer.body))}
    return f"{answer.status} {reason}", list(headers.items()), [answer.body]
