"""Reads a request for moto as AWS's model has it, before moto does, so that it can be decided.

The body of an S3 call is left alone: the names of its bucket and object are in its path. Only DeleteObjects names
objects in its body.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from localcloud.core import protocols
from localcloud.core.protocols import Call
from localcloud.core.refusal import not_implemented
from localcloud.server import routing

BODY_NAMES_OBJECTS = ("DeleteObjects",)


def read(environ: dict[str, Any], call: Call, name: str) -> tuple[str, dict[str, Any]]:
    """The operation and its request, in the API's spelling. The body can be read again.

    ``name`` is from ``routing.moto_call_name``. Raises a Refusal: what cannot be read cannot be decided.
    """
    return _read_s3(environ) if call.service == "s3" else _read_body(environ, call, name)


def _read_body(environ: dict[str, Any], call: Call, name: str) -> tuple[str, dict[str, Any]]:
    from botocore.exceptions import UnknownServiceError
    from botocore.model import OperationNotFoundError

    body = environ["wsgi.input"].read()
    environ["wsgi.input"] = BytesIO(body)
    try:
        complete = routing.read_again(environ, call, name.partition(".")[2])
        return complete.operation, protocols.parse(complete)
    except (UnknownServiceError, OperationNotFoundError):
        raise not_implemented(name) from None
    finally:
        environ["wsgi.input"] = BytesIO(body)


def _read_s3(environ: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    from moto.core.request import Request

    operation, values = routing.route("s3", environ)
    if not operation:
        raise not_implemented(f"s3.{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
    body = b""
    if operation in BODY_NAMES_OBJECTS:
        body = environ["wsgi.input"].read()
        environ["wsgi.input"] = BytesIO(body)
    request = Request({**environ, "wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))})
    call = Call(
        "s3",
        operation,
        "rest-xml",
        operation,
        body,
        headers=request.headers,
        path_values=values,
        arguments=request.args,
    )
    return operation, protocols.parse(call)
