"""AWS's protocols: JSON, REST with JSON, and the query protocol (forms in, XML out).

Not reproduced: CBOR, which newer SDKs of other languages use for CloudWatch.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

from localcloud.core.moto_backends import load
from localcloud.core.refusal import Refusal

# What the parsers raise for a malformed body; botocore raises RuntimeError for an invalid date
UNREADABLE = (ValueError, TypeError, AttributeError, OverflowError, RuntimeError)
QUERY_COMPATIBLE = ("cloudwatch", "sqs")  # formerly query services: their clients expect the old codes in a header


@dataclass
class Call:
    """One request, as the protocol delivers it."""

    service: str  # botocore's name
    operation: str  # "" when AWS's model has none of that name
    protocol: str  # json, rest-json, query; for moto's services also rest-xml
    client_operation: str = ""  # as the client wrote it
    body: bytes = b""
    form: Any = None  # the query protocol's fields
    headers: Mapping[str, str] = field(default_factory=dict)
    path_values: Mapping[str, str] = field(default_factory=dict)
    arguments: Any = None  # of the URL

    @property
    def name(self) -> str:
        return f"{self.service}.{self.operation or self.client_operation}"


@dataclass
class RawResponse:
    status: int
    headers: dict[str, str]
    body: bytes
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))


@cache
def model(service: str) -> Any:
    """botocore's model of a service, as moto's parsers need it."""
    load()
    from moto.core.utils import get_service_model

    return get_service_model(service)


def parse_json(call: Call) -> dict[str, Any]:
    """The request before types are converted, for validation against AWS's model. JSON protocol only."""
    try:
        request = json.loads(call.body or b"{}")
    except (ValueError, RecursionError) as error:
        raise Refusal("SerializationException", f"The request's body is not JSON: {error}") from None
    if not isinstance(request, dict):
        raise Refusal("SerializationException", "The request's body must be a JSON object.")
    members: dict[str, Any] = _without_nulls(request)
    return members


def parse(call: Call) -> dict[str, Any]:
    """The request as the API spells it, timestamps aware."""
    from moto.core.parse import PROTOCOL_PARSERS

    operation = model(call.service).operation_model(call.operation)
    request = {
        "body": call.body,
        "headers": call.headers,
        "url_params": call.path_values,
        "values": call.form if call.protocol == "query" else call.arguments,
    }
    try:
        parsed = PROTOCOL_PARSERS[call.protocol](operation, timestamp_parser=_aware).parse(request)
    except UNREADABLE as error:
        code = "MalformedInput" if call.protocol == "query" else "SerializationException"
        raise Refusal(code, f"The request cannot be read: {error}") from None
    typed: dict[str, Any] = _without_nulls(parsed)
    return typed


def serialize(call: Call, result: Mapping[str, Any]) -> RawResponse:
    from moto.core.serialize import SERIALIZERS, SerializationContext

    operation = model(call.service).operation_model(call.operation)
    response = RawResponse(200, {}, b"")
    context = SerializationContext(response.request_id)
    serialized = SERIALIZERS[call.protocol](operation, context=context).serialize(result)
    body = serialized["body"]
    response.status = serialized["status_code"]
    response.headers = {name: str(value) for name, value in serialized["headers"].items()}
    response.body = body.encode() if isinstance(body, str) else bytes(body)
    if call.protocol == "json":
        response.headers["Content-Type"] = _json_type(call)
    if call.protocol == "rest-json":
        _payload_type(operation, result, response)
    return response


def serialize_error(call: Call, refusal: Refusal) -> RawResponse:
    """A refusal in the service's protocol. S3, which is REST with XML, has a form of its own."""
    response = RawResponse(refusal.status, {}, b"")
    if call.protocol in ("query", "rest-xml"):
        response.headers["Content-Type"] = "text/xml"
        response.body = _xml_error(call, refusal, response.request_id).encode()
    else:
        response.headers |= {"Content-Type": _json_type(call), "X-Amzn-Errortype": refusal.code}
        if call.service in QUERY_COMPATIBLE:
            response.headers["x-amzn-query-error"] = f"{refusal.code};{_fault(refusal)}"
        response.body = json.dumps(
            {"__type": refusal.code, "message": refusal.message or None, **refusal.members}
        ).encode()
    return response


def _json_type(call: Call) -> str:
    """JSON 1.0 and 1.1 differ in name only: the response has the request's content type."""
    content_type = call.headers.get("Content-Type", "")
    is_json = call.protocol == "json" and content_type.startswith("application/x-amz-json")
    return content_type if is_json else "application/json"


def _fault(refusal: Refusal) -> str:
    return "Receiver" if refusal.status >= 500 else "Sender"


def _xml_error(call: Call, refusal: Refusal, request_id: str) -> str:
    code, message = escape(refusal.code), escape(refusal.message)
    if call.protocol == "rest-xml":
        inner = f"<Code>{code}</Code><Message>{message}</Message><RequestId>{request_id}</RequestId>"
        return f'<?xml version="1.0" encoding="UTF-8"?><Error>{inner}</Error>'
    inner = f"<Type>{_fault(refusal)}</Type><Code>{code}</Code><Message>{message}</Message>"
    return f"<ErrorResponse><Error>{inner}</Error><RequestId>{request_id}</RequestId></ErrorResponse>"


def _payload_type(operation: Any, result: Mapping[str, Any], response: RawResponse) -> None:
    """moto sets application/json for every body; a result with a content type of its own, as a model's, keeps it."""
    for name, shape in operation.output_shape.members.items() if operation.output_shape else ():
        if shape.serialization.get("name", "").lower() == "content-type" and result.get(name):
            response.headers["Content-Type"] = result[name]


def _aware(value: Any) -> datetime:
    from botocore.utils import parse_timestamp

    parsed: datetime = parse_timestamp(value)
    return parsed.astimezone(UTC)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value
