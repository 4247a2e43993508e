"""Finds the service and the operation of a request, from its headers, path and form."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterable
from functools import cache
from io import BytesIO
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from localcloud.core import protocols
from localcloud.core.protocols import Call

FORM = "application/x-www-form-urlencoded"
LOCAL_OR_AWS_HOST = re.compile(
    r"(?:\d+\.\d+\.\d+\.\d+|(?:[\w-]+\.)*localhost|(?:[\w-]+\.)+(?:amazonaws\.com(?:\.cn)?|api\.aws))(?::\d+)?",
    re.IGNORECASE,
)
SERVICE_OF_SCOPE = {"monitoring": "cloudwatch", "email": "ses"}  # the name in the signature: botocore's name


class Signature(NamedTuple):
    """What the signature says: Credential=<key>/<date>/<region>/<service>/aws4_request."""

    access_key: str = ""  # "" if the request is not signed
    token: str = ""
    region: str = ""
    service: str = ""


def is_for_localcloud(environ: dict[str, Any]) -> bool:
    """The Host is this machine or AWS. Without this check a web page whose own host name resolves to 127.0.0.1 could do
    all that its visitor can, and a build runs any command. An address is no name that could resolve to another one."""
    return LOCAL_OR_AWS_HOST.fullmatch(environ.get("HTTP_HOST", "127.0.0.1")) is not None


def signature(environ: dict[str, Any]) -> Signature:
    """From the header, or from a presigned URL. Old clients of S3 sign in another way, without region and service."""
    header: str = environ.get("HTTP_AUTHORIZATION", "")
    if not header:
        return _presigned(environ.get("QUERY_STRING", ""))
    token: str = environ.get("HTTP_X_AMZ_SECURITY_TOKEN", "")
    if header.startswith("AWS "):
        return Signature(header[4:].partition(":")[0], token)
    return _signature(header.partition("Credential=")[2].partition(",")[0].strip(), token)


def _presigned(query: str) -> Signature:
    if "X-Amz-Credential=" not in query and "AWSAccessKeyId=" not in query:
        return Signature()
    values = dict(parse_qsl(query))
    if old := values.get("AWSAccessKeyId"):
        return Signature(old, values.get("x-amz-security-token", ""))
    return _signature(values.get("X-Amz-Credential", ""), values.get("X-Amz-Security-Token", ""))


def _signature(credential: str, token: str) -> Signature:
    parts = credential.split("/")
    return Signature(parts[0], token, parts[-3], parts[-2].lower()) if len(parts) == 5 else Signature()


class Directory:
    """Finds the calls of localcloud's own services."""

    def __init__(self, services: Iterable[str]) -> None:
        models = {name: protocols.model(name) for name in services}
        self._targets = {m.metadata["targetPrefix"]: name for name, m in models.items() if "targetPrefix" in m.metadata}
        self._signers: dict[str, list[str]] = {}
        for name, model in models.items():
            self._signers.setdefault(model.signing_name, []).append(name)

    def find(self, environ: dict[str, Any], signed: Signature) -> Call | None:
        """None: it is for moto. The operation is "" if the service has no such operation."""
        prefix, _, name = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")
        if prefix:
            return _call(environ, self._targets[prefix], "json", name) if prefix in self._targets else None
        services = self._signers.get(signed.service, ())
        for service in services:
            if call := self._without_target(environ, service):
                return call
        # CBOR, or a path that none of these services has
        return _call(environ, services[0], "json", environ["PATH_INFO"]) if services else None

    def _without_target(self, environ: dict[str, Any], service: str) -> Call | None:
        model = protocols.model(service)
        accepted = model.metadata.get("protocols") or [model.protocol]
        if "rest-json" in accepted:
            name, values = route(service, environ)
            return _call(environ, service, "rest-json", name, values) if name else None
        is_query = "query" in accepted and (_is_form(environ) or "Action=" in environ.get("QUERY_STRING", ""))
        return _call(environ, service, "query") if is_query else None


def _call(environ: dict[str, Any], service: str, protocol: str, name: str = "", values: Any = None) -> Call:
    from moto.core.request import Request
    from werkzeug.datastructures import MultiDict

    request = Request(environ)
    call = Call(service, "", protocol, name, headers=request.headers, arguments=request.args, path_values=values or {})
    call.body = _body(request)
    if protocol == "query":
        text = call.body.decode(errors="replace") if _is_form(environ) else environ.get("QUERY_STRING", "")
        call.form = MultiDict(parse_qsl(text, keep_blank_values=True))
        call.client_operation = call.form.get("Action", "")
    call.operation = call.client_operation if call.client_operation in protocols.model(service).operation_names else ""
    return call


def _body(request: Any) -> bytes:
    """botocore compresses long bodies, such as PutMetricData's, where the service accepts that."""
    body: bytes = request.get_data()
    if request.headers.get("Content-Encoding", "") != "gzip":
        return body
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, zlib.error):
        return body  # which is refused later


def moto_call(environ: dict[str, Any], signed: Signature) -> Call:
    """A call for moto: only what the format of an error needs."""
    service = SERVICE_OF_SCOPE.get(signed.service, signed.service) or "s3"  # its reads may be unsigned
    if "HTTP_X_AMZ_TARGET" in environ:
        protocol = "json"
    elif service == "s3":
        protocol = "rest-xml"
    else:
        protocol = "query" if _is_form(environ) else "rest-json"
    return Call(service, "", protocol, headers={"Content-Type": environ.get("CONTENT_TYPE", "")})


def moto_call_name(environ: dict[str, Any], service: str, exact: bool) -> str:
    """The name of a call for moto, such as sqs.SendMessage. A form that is read for it can be read again.

    Finding the operation of an S3 request is slow: unless ``exact``, its method and path are the name.
    """
    operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    if not operation and service != "s3" and _is_form(environ):
        from moto.core.request import Request

        body = Request(environ).get_data()
        environ["wsgi.input"] = BytesIO(body)
        operation = dict(parse_qsl(body.decode(errors="replace"))).get("Action", "")
    elif not operation and (exact or service != "s3"):
        operation = route(service, environ)[0]
    return f"{service}.{operation or environ['REQUEST_METHOD'] + ' ' + environ['PATH_INFO']}"


def read_again(environ: dict[str, Any], call: Call, operation: str) -> Call:
    """The complete call for moto, whose body moto has read already."""
    from moto.core.request import Request
    from werkzeug.datastructures import MultiDict

    environ["wsgi.input"].seek(0)
    request = Request({name: value for name, value in environ.items() if not name.startswith("werkzeug.")})
    values: dict[str, str] = {}
    if call.protocol.startswith("rest"):
        operation, values = route(call.service, environ)
    body = _body(request)
    form = MultiDict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    complete = Call(
        call.service, operation, call.protocol, operation, body, form, request.headers, values, request.args
    )
    protocols.model(call.service).operation_model(operation)  # raises if there is none
    return complete


def _is_form(environ: dict[str, Any]) -> bool:
    content: str = environ.get("CONTENT_TYPE", "")
    return content.startswith(FORM)


def route(service: str, environ: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """The operation of a REST request and the values in its path; "" if there is none."""
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
