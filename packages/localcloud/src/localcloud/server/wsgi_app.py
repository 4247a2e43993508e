"""The WSGI application: passes each request to a service, to the control plane or to moto."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from email.utils import format_datetime
from http import HTTPStatus
from threading import Lock
from traceback import clear_frames
from typing import TYPE_CHECKING, Any

from localcloud.core import disk_space, protocols
from localcloud.core.access.caller import caller, calling
from localcloud.core.counters import CALLS, DEFECTS, MISSING
from localcloud.core.protocols import Call, RawResponse
from localcloud.core.refusal import NOT_IMPLEMENTED, Refusal, not_implemented
from localcloud.core.request_validation import request_problems
from localcloud.core.service import Response, Service
from localcloud.server import authentication, moto_errors, moto_requests, routing
from localcloud.server.control import PATH, Control
from localcloud.server.moto_app import WAITERS, Moto, Start
from localcloud.server.routing import Directory, Signature

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

log = logging.getLogger("localcloud.calls")
READS = ("Describe", "List", "Get", "Head", "GET", "HEAD", "Invoke")  # frequent: logged only when refused
WRONG_HOST = b"localcloud answers as 127.0.0.1, as localhost and under AWS's names.\n"
UNKNOWN = (None, True)
GLOBAL = ("sts",)  # its clients may sign for the region of the global endpoint
OBJECT_READS = ("GetObject", "HeadObject")
WAITING = "localcloud.waiting"  # set by server.py


class Application:
    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.control = Control(cloud)
        self._parts: tuple[Directory, Moto] | None = None
        self._loading = Lock()

    def load(self) -> tuple[Directory, Moto]:
        """Imports for a second: at the first request, unless it was called before."""
        if not self._parts:
            with self._loading:
                self._parts = self._parts or (
                    Directory(self.cloud.services),
                    Moto(self.cloud.account, self.cloud.access),
                )
        return self._parts

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        """The Date of every response is the cloud's time: clients compare signatures and links with it.

        A header that AWS does not have, X-Clock-Speed, says how many times as fast as real time it runs.
        """
        return self._respond(environ, lambda status, headers: start(status, self._dated(headers)))

    def _dated(self, headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        now = format_datetime(self.cloud.clock.now(), usegmt=True)
        others = (header for header in headers if header[0].lower() != "date")
        return [*others, ("Date", now), ("X-Clock-Speed", f"{self.cloud.clock.speed:g}")]

    def _respond(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        if not routing.is_for_localcloud(environ):
            start("403 Forbidden", [("Content-Type", "text/plain"), ("Content-Length", str(len(WRONG_HOST)))])
            return [WRONG_HOST]
        if environ["PATH_INFO"].startswith(PATH):
            return self.control(environ, start)
        began = time.perf_counter()
        self.cloud.counters.count(CALLS)
        signed = routing.signature(environ)
        call, what = routing.moto_call(environ, signed), "a call"
        try:
            if problem := environ.get("localcloud.disk_problem"):
                raise Refusal(disk_space.CODE, problem, disk_space.STATUS)
            if service := None if signed.service else self._http_service(environ["PATH_INFO"]):
                what = f"{service.name}.{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
                response = service.http(environ)
            else:
                directory, moto = self.load()
                own = directory.find(environ, signed)
                call = own or call
                what = own.name if own else routing.moto_call_name(environ, call.service, self.cloud.faults.active)
                principal = authentication.principal(self.cloud.credentials, signed, call)
                with calling(principal, signed.access_key):
                    response = self._own(environ, own, signed) if own else self._moto(environ, call, what, moto)
        except Exception as error:  # noqa: BLE001 - a Refusal or a defect: both become a response
            response = _render(protocols.serialize_error(call, self._refusal(error, what)))
        status, headers, body = response
        self._log(what, int(status[:3]), began)
        start(status, headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else body  # clients would take it for the next response

    def _http_service(self, path: str) -> Service | None:
        """The one that has this path outside of AWS's API."""
        services: Iterable[Service] = self.cloud.services.values()
        return next((each for each in services if each.http_path and path.startswith(each.http_path)), None)

    def _own(self, environ: dict[str, Any], call: Call, signed: Signature) -> Response:
        _, locked = self.cloud.services[call.service].operations.get(call.operation, UNKNOWN)
        with _spare_thread(environ, not locked):
            self._admit(call, signed)
            return _render(protocols.serialize(call, self._perform(call)))

    def _admit(self, call: Call, signed: Signature) -> None:
        here = self.cloud.region
        if signed.region != here and call.service not in GLOBAL:
            sentence = f"This localcloud is region {here}; the request is for {signed.region}: set AWS_REGION={here}."
            raise Refusal("RegionNotServedByLocalcloud", sentence)
        if call.client_operation.startswith("/"):
            raise not_implemented(f"{call.service} over {call.client_operation}")
        if not call.operation:
            raise Refusal("UnknownOperationException", f"{call.service} has no operation {call.client_operation!r}.")
        if fault := self.cloud.faults.next_call(call.name):
            raise fault

    def _perform(self, call: Call) -> dict[str, Any]:
        service = self.cloud.services[call.service]
        if call.operation not in service.operations:
            raise not_implemented(call.name)
        method, locked = service.operations[call.operation]
        request = protocols.parse_json(call) if call.protocol == "json" else protocols.parse(call)
        if problems := request_problems(call.service, call.operation, request):
            count = f"{len(problems)} validation error{'s'[: len(problems) > 1]} detected"
            raise Refusal(service.validation_code, f"{count}: {'; '.join(problems)}")
        if call.protocol == "json":
            request = protocols.parse(call)
        self.cloud.access.authorize(caller(), call.service, call.operation, request)
        with self.cloud.lock if locked else nullcontext():
            response: dict[str, Any] = method(request) or {}
            return response

    def _moto(self, environ: dict[str, Any], call: Call, what: str, moto: Moto) -> Response:
        if fault := self.cloud.faults.next_call(what, environ[WAITING]):
            raise fault
        bucket = self._authorize_moto(environ, call, what)
        if what.startswith("sqs."):  # it builds the URLs of queues from the host of the request
            environ["HTTP_HOST"] = self.cloud.url.partition("://")[2]
        try:
            with _spare_thread(environ, what in WAITERS):
                status, headers, body = moto(environ, what)
        except Refusal:
            raise
        except Exception as error:
            if disk_space.is_full(error):
                raise
            if refusal := moto_errors.refusal(environ, call, what):
                raise refusal from None
            raise
        if status.startswith("5"):
            self.cloud.counters.count(DEFECTS)
        if status.startswith("404") and bucket:
            self.cloud.access.authorize(caller(), "s3", "ListObjectsV2", {"Bucket": bucket})
        return status, headers, body

    def _authorize_moto(self, environ: dict[str, Any], call: Call, what: str) -> str:
        """The bucket of an object that is read: who may not list it must not learn that the object is missing."""
        if not self.cloud.access.decides(caller()):
            return ""
        operation, request = moto_requests.read(environ, call, what)
        self.cloud.access.authorize(caller(), call.service, operation, request)
        return str(request["Bucket"]) if call.service == "s3" and operation in OBJECT_READS else ""

    def _refusal(self, error: Exception, what: str) -> Refusal:
        if disk_space.is_full(error):
            _free_bodies(error)
            error = disk_space.refusal(self.cloud.folder)
        if not isinstance(error, Refusal):
            log.error("%s failed", what, exc_info=error)
            self.cloud.counters.count(DEFECTS)
            sentence = f"{what} failed inside localcloud: see `python -m localcloud logs`."
            return Refusal("InternalFailure", sentence, 500)
        if error.code == NOT_IMPLEMENTED:
            self.cloud.counters.count(f"{MISSING}: {what}")
        return error

    def _log(self, what: str, status: int, began: float) -> None:
        if status >= 400 or not what.partition(".")[2].startswith(READS):
            log.info("%s %d %.1f ms", what, status, (time.perf_counter() - began) * 1000)


def _free_bodies(error: BaseException) -> None:
    """A traceback and its frames hold each other, and the request's body: on a full disk that must go at once."""
    while error.__context__:
        clear_frames(error.__traceback__)
        error = error.__context__
    clear_frames(error.__traceback__)


def _spare_thread(environ: dict[str, Any], waits: bool) -> AbstractContextManager[Any]:
    """While a call waits, another thread takes other calls."""
    waiting: AbstractContextManager[Any] = environ[WAITING]() if waits else nullcontext()
    return waiting


def _render(raw: RawResponse) -> Response:
    try:
        reason = HTTPStatus(raw.status).phrase
    except ValueError:
        reason = "Refused"
    headers = raw.headers | {"x-amzn-RequestId": raw.request_id, "Content-Length": str(len(raw.body))}
    return f"{raw.status} {reason}", list(headers.items()), [raw.body]
