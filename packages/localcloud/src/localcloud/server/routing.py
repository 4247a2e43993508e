"""Whose request is it, and for which operation: read from headers, path and form, as AWS's own front does."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

from localcloud.core import protocols
from localcloud.core.protocols import Call

FORM = "application/x-www-form-urlencoded"
OUR_HOSTS = re.compile(
    r"(?:127\.0\.0\.1|(?:[\w-]+\.)*localhost|(?:[\w-]+\.)+(?:amazonaws\.com(?:\.cn)?|api\.aws))(?::\d+)?", re.IGNORECASE
)
SERVICE_OF_SCOPE = {"monitoring": "cloudwatch", "email": "ses"}  # signed as one thing, called another by botocore


@dataclass(frozen=True)
class Scope:
    """From the signature: Credential=<key>/<date>/<region>/<service>/aws4_request."""

    region: str = ""
    service: str = ""


def is_for_us(environ: dict[str, Any]) -> bool:
    """Called by this machine's name or by one of AWS's. A web page from elsewhere that has its own name lead here could
    else do all that its visitor can, and a build runs any command."""
    return OUR_HOSTS.fullmatch(environ.get("HTTP_HOST", "127.0.0.1")) is not None


def scope(environ: dict[str, Any]) -> Scope:
    header = environ.get("HTTP_AUTHORIZATION", "")
    parts = header.partition("Credential=")[2].split(",")[0].strip().split("/")
    return Scope(parts[-3], parts[-2].lower()) if len(parts) >= 5 else Scope()


class Directory:
    """Finds the calls that are for services of ours."""

    def __init__(self, services: Iterable[str]) -> None:
        models = {name: protocols.model(name) for name in services}
        self._targets = {m.metadata["targetPrefix"]: name for name, m in models.items() if "targetPrefix" in m.metadata}
        self._signers: dict[str, list[str]] = {}
        for name, model in models.items():
            self._signers.setdefault(model.signing_name, []).append(name)

    def find(self, environ: dict[str, Any], signed: Scope) -> Call | None:
        """None: it is for moto. A call whose operation is "" is for one that the service has not."""
        prefix, _, name = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")
        if prefix:
            return _call(environ, self._targets[prefix], "json", name) if prefix in self._targets else None
        ours = self._signers.get(signed.service, ())
        for service in ours:
            if call := self._without_target(environ, service):
                return call
        # CBOR, a path that no service of ours has, or somebody curious
        return _call(environ, ours[0], "json", environ["PATH_INFO"]) if ours else None

    def _without_target(self, environ: dict[str, Any], service: str) -> Call | None:
        model = protocols.model(service)
        spoken = model.metadata.get("protocols") or [model.protocol]
        if "rest-json" in spoken:
            name, values = route(service, environ)
            return _call(environ, service, "rest-json", name, values) if name else None
        return _call(environ, service, "query") if "query" in spoken and _is_form(environ) else None


def _call(environ: dict[str, Any], service: str, protocol: str, name: str = "", values: Any = None) -> Call:
    from moto.core.request import Request
    from werkzeug.datastructures import MultiDict

    request = Request(environ)
    call = Call(service, "", protocol, name, headers=request.headers, arguments=request.args, path_values=values or {})
    call.body = _body(request)
    if protocol == "query":
        call.form = MultiDict(parse_qsl(call.body.decode(errors="replace"), keep_blank_values=True))
        call.asked = call.form.get("Action", "")
    call.operation = call.asked if call.asked in protocols.model(service).operation_names else ""
    return call


def _body(request: Any) -> bytes:
    """botocore packs what is long, such as PutMetricData, where the service takes it."""
    body: bytes = request.get_data()
    if request.headers.get("Content-Encoding", "") != "gzip":
        return body
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, zlib.error):
        return body  # which then is refused as what it is not


def foreign(environ: dict[str, Any], signed: Scope) -> Call:
    """A call for moto, known only as well as an error's form needs it."""
    service = SERVICE_OF_SCOPE.get(signed.service, signed.service) or "s3"  # whose reads may be unsigned
    if "HTTP_X_AMZ_TARGET" in environ:
        protocol = "json"
    elif service == "s3":
        protocol = "rest-xml"
    else:
        protocol = "query" if _is_form(environ) else "rest-json"
    return Call(service, "", protocol, headers={"Content-Type": environ.get("CONTENT_TYPE", "")})


def foreign_name(environ: dict[str, Any], service: str, exactly: bool) -> str:
    """What a call for moto is called: sqs.SendMessage. A form that was read for it can be read again.

    To find S3's takes long, for what is called most: unless ``exactly``, it is called by its path.
    """
    operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    if not operation and service != "s3" and _is_form(environ):
        from moto.core.request import Request

        body = Request(environ).get_data()
        environ["wsgi.input"] = BytesIO(body)
        operation = dict(parse_qsl(body.decode(errors="replace"))).get("Action", "")
    elif not operation and (exactly or service != "s3"):
        operation = route(service, environ)[0]
    return f"{service}.{operation or environ['REQUEST_METHOD'] + ' ' + environ['PATH_INFO']}"


def read_again(environ: dict[str, Any], call: Call, operation: str) -> Call:
    """A call for moto with all that is in it; moto has read its body already."""
    from moto.core.request import Request
    from werkzeug.datastructures import MultiDict

    environ["wsgi.input"].seek(0)
    request = Request({name: value for name, value in environ.items() if not name.startswith("werkzeug.")})
    values: dict[str, str] = {}
    if call.protocol.startswith("rest"):
        operation, values = route(call.service, environ)
    body = _body(request)
    form = MultiDict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    known = Call(call.service, operation, call.protocol, operation, body, form, request.headers, values, request.args)
    protocols.model(call.service).operation_model(operation)  # or it raises: there is none
    return known


def _is_form(environ: dict[str, Any]) -> bool:
    content: str = environ.get("CONTENT_TYPE", "")
    return content.startswith(FORM)


def route(service: str, environ: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """A REST request's operation and the values in its path; "" when there is none."""
    from botocore.exceptions import UnknownServiceError
    from moto.core.request import Request
    from werkzeug.exceptions import NotFound

    try:
        operation, values = _router(service).match(Request(environ))
    except (NotFound, UnknownServiceError):
        return "", {}
    return str(operation.name), dict(values)


@cache
def _router(service: str) -> Any:
    from moto.core.routing import get_router_class

    model = protocols.model(service)
    return get_router_class(service, model.protocol)(model)
