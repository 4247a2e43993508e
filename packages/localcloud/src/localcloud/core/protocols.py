"""AWS's protocols on the wire: JSON, REST with JSON, and the query protocol (forms in, XML out).

Not reproduced: CBOR, which newer SDKs of other languages speak to CloudWatch.
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

# What the parsers raise of a body that is no such request; of a time that no calendar has, botocore a RuntimeError
UNREADABLE = (ValueError, TypeError, AttributeError, OverflowError, RuntimeError)
QUERY_COMPATIBLE = ("cloudwatch", "sqs")  # once query services: their clients look for the old codes in a header


@dataclass
class Call:
    """One request, as far as a protocol sees it."""

    service: str  # botocore's name
    operation: str  # "" when AWS's model has none of that name
    protocol: str  # json, rest-json, query; for moto's services also rest-xml
    asked: str = ""  # the operation as the client wrote it
    body: bytes = b""
    form: Any = None  # the query protocol's fields
    headers: Mapping[str, str] = field(default_factory=dict)
    path_values: Mapping[str, str] = field(default_factory=dict)
    arguments: Any = None  # of the URL

    @property
    def name(self) -> str:
        return f"{self.service}.{self.operation or self.asked}"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))


@cache
def model(service: str) -> Any:
    """botocore's description of a service, with what moto's parsers need of it."""
    load()
    from moto.core.utils import get_service_model

    return get_service_model(service)


def raw(call: Call) -> dict[str, Any]:
    """The request before its types are made, for the JSON protocol: what AWS's model has to judge."""
    try:
        request = json.loads(call.body or b"{}")
    except (ValueError, RecursionError) as error:
        raise Refusal("SerializationException", f"The request's body is no JSON: {error}") from None
    if not isinstance(request, dict):
        raise Refusal("SerializationException", "The request's body must be a JSON object.")
    told: dict[str, Any] = _without_nulls(request)
    return told


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


def answer(call: Call, result: Mapping[str, Any]) -> Answer:
    from moto.core.serialize import SERIALIZERS, SerializationContext

    operation = model(call.service).operation_model(call.operation)
    done = Answer(200, {}, b"")
    context = SerializationContext(done.request_id)
    told = SERIALIZERS[call.protocol](operation, context=context).serialize(result)
    body = told["body"]
    done.status, done.headers = told["status_code"], {name: str(value) for name, value in told["headers"].items()}
    done.body = body.encode() if isinstance(body, str) else bytes(body)
    if call.protocol == "json":
        done.headers["Content-Type"] = _json_type(call)
    if call.protocol == "rest-json":
        _payload_type(operation, result, done)
    return done


def refuse(call: Call, refusal: Refusal) -> Answer:
    """A refusal as the service's protocol tells it. S3, which is REST with XML, has its own form."""
    done = Answer(refusal.status, {}, b"")
    if call.protocol in ("query", "rest-xml"):
        done.headers["Content-Type"] = "text/xml"
        done.body = _xml_error(call, refusal, done.request_id).encode()
    else:
        done.headers |= {"Content-Type": _json_type(call), "X-Amzn-Errortype": refusal.code}
        if call.service in QUERY_COMPATIBLE:
            done.headers["x-amzn-query-error"] = f"{refusal.code};{_fault(refusal)}"
        done.body = json.dumps({"__type": refusal.code, "message": refusal.message, **refusal.members}).encode()
    return done


def _json_type(call: Call) -> str:
    """JSON 1.0 and 1.1 differ in name only: the client hears what it said."""
    said = call.headers.get("Content-Type", "")
    return said if call.protocol == "json" and said.startswith("application/x-amz-json") else "application/json"


def _fault(refusal: Refusal) -> str:
    return "Receiver" if refusal.status >= 500 else "Sender"


def _xml_error(call: Call, refusal: Refusal, request_id: str) -> str:
    code, message = escape(refusal.code), escape(refusal.message)
    if call.protocol == "rest-xml":
        inner = f"<Code>{code}</Code><Message>{message}</Message><RequestId>{request_id}</RequestId>"
        return f'<?xml version="1.0" encoding="UTF-8"?><Error>{inner}</Error>'
    inner = f"<Type>{_fault(refusal)}</Type><Code>{code}</Code><Message>{message}</Message>"
    return f"<ErrorResponse><Error>{inner}</Error><RequestId>{request_id}</RequestId></ErrorResponse>"


def _payload_type(operation: Any, result: Mapping[str, Any], done: Answer) -> None:
    """moto says application/json of every body; an answer that names its own type, as a model's, keeps it."""
    for name, shape in operation.output_shape.members.items() if operation.output_shape else ():
        if shape.serialization.get("name", "").lower() == "content-type" and result.get(name):
            done.headers["Content-Type"] = result[name]


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
