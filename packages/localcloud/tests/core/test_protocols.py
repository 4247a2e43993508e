"""Requests that botocore serializes are parsed, and responses the other way round: every operation and protocol."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.awsrequest import HeadersDict
from botocore.model import Shape
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from werkzeug.test import EnvironBuilder

from localcloud.core import protocols
from localcloud.core.protocols import Call, RawResponse
from localcloud.core.refusal import Refusal
from localcloud.server.routing import Directory, Signature

MOMENT = datetime(2026, 3, 4, 5, 6, 7, 250_000, tzinfo=UTC)
WHOLE_MOMENT = MOMENT.replace(microsecond=0)
SIGNED_AS = {"sagemaker": "sagemaker", "sagemaker-runtime": "sagemaker", "events": "events", "cloudwatch": "monitoring"}
DIRECTORY = Directory(SIGNED_AS)
PROTOCOLS = [
    ("sagemaker", "json"),
    ("sagemaker-runtime", "rest-json"),
    ("events", "json"),
    ("cloudwatch", "json"),
    ("cloudwatch", "query"),
]


def operations() -> list[Any]:
    parameters = []
    for service, protocol in PROTOCOLS:
        names = protocols.model(service).operation_names
        parameters += [pytest.param(service, protocol, name, id=f"{protocol} {service}.{name}") for name in names]
    return parameters


def sample(shape: Any, depth: int = 0) -> Any:
    """A value with all members; deeper than four levels only scalars, as some shapes are recursive."""
    kind = shape.type_name
    if kind == "structure":
        if getattr(shape, "is_tagged_union", False):
            name, member = next(iter(shape.members.items()))
            return {name: sample(member, depth + 1)}
        inside = {name: member for name, member in shape.members.items() if depth < 4 or _scalar(member)}
        return {name: sample(member, depth + 1) for name, member in inside.items()}
    if kind == "list":
        return [sample(shape.member, depth + 1)] * 2
    if kind == "map":
        return {_text(shape.key): sample(shape.value, depth + 1)}
    scalars = {"timestamp": WHOLE_MOMENT, "blob": b"bytes \x00\xff", "boolean": True, "integer": 7, "long": 8}
    return scalars.get(kind, 2.5) if kind != "string" else _text(shape)


def _scalar(shape: Any) -> bool:
    return shape.type_name not in ("structure", "list", "map")


def _text(shape: Shape) -> str:
    return str(shape.enum[0]) if getattr(shape, "enum", None) else "text <&> ü"


def environ(service: str, request: dict[str, Any]) -> dict[str, Any]:
    """The serialized request as WSGI delivers it."""
    scope = f"local/20260304/eu-west-1/{SIGNED_AS[service]}/aws4_request"
    headers = dict(request["headers"]) | {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, Signature=x"}
    body = request["body"]
    if isinstance(body, dict):
        builder = EnvironBuilder(method="POST", data=body, headers=headers)
    else:
        query = urlsplit(request["url_path"]).query or request.get("query_string", "")
        builder = EnvironBuilder(
            path=urlsplit(request["url_path"]).path,
            query_string=query,
            method=request["method"],
            data=body or b"",
            headers=headers,
        )
    result = builder.get_environ()
    result["RAW_URI"] = urlsplit(request["url_path"]).path
    return result


def route(service: str, request: dict[str, Any]) -> Call:
    call = DIRECTORY.find(environ(service, request), Signature(region="eu-west-1", service=SIGNED_AS[service]))
    assert call
    return call


@pytest.mark.parametrize(("service", "protocol", "name"), operations())
def test_every_request_is_parsed(service: str, protocol: str, name: str) -> None:
    model = protocols.model(service).operation_model(name)
    expected = sample(model.input_shape) if model.input_shape else {}
    call = route(service, create_serializer(protocol, include_validation=False).serialize_to_request(expected, model))
    assert (call.service, call.protocol, call.operation) == (service, protocol, name)
    assert protocols.parse(call) == expected


@pytest.mark.parametrize(("service", "protocol", "name"), operations())
def test_every_response_is_parsed_by_botocore(service: str, protocol: str, name: str) -> None:
    model = protocols.model(service).operation_model(name)
    expected = sample(model.output_shape) if model.output_shape else {}
    if name.endswith("WithResponseStream"):
        pytest.skip("event streams are not reproduced")
    raw = protocols.serialize(Call(service, name, protocol), expected)
    response = read(protocol, raw, model)
    response.pop("ResponseMetadata", None)
    assert response == expected


def read(protocol: str, raw: RawResponse, model: Any) -> dict[str, Any]:
    """As botocore parses it, with the bytes of a streamed body."""
    body = BytesIO(raw.body) if model.has_streaming_output and raw.status == 200 else raw.body
    headers = HeadersDict(raw.headers)
    response = {"status_code": raw.status, "headers": headers, "body": body}
    parsed: dict[str, Any] = create_parser(protocol).parse(response, model.output_shape)
    return {name: value.read() if isinstance(value, BytesIO) else value for name, value in parsed.items()}


def test_times_keep_their_milliseconds() -> None:
    alarm = {"MetricAlarms": [{"AlarmName": "a", "StateUpdatedTimestamp": MOMENT}]}
    body = json.loads(protocols.serialize(Call("cloudwatch", "DescribeAlarms", "json"), alarm).body)
    assert body["MetricAlarms"][0]["StateUpdatedTimestamp"] == MOMENT.timestamp()


@pytest.mark.parametrize("value", [MOMENT.timestamp(), "2026-03-04T05:06:07.250Z", "2026-03-04T06:06:07.250+01:00"])
def test_times_have_a_zone(value: Any) -> None:
    body = json.dumps({"Namespace": "n", "MetricName": "m", "StartTime": value}).encode()
    request = protocols.parse(Call("cloudwatch", "GetMetricStatistics", "json", body=body))
    assert request["StartTime"] == MOMENT
    assert request["StartTime"].tzinfo is UTC


def test_null_is_an_absent_member() -> None:
    body = b'{"Name": "x", "Tags": null, "Targets": [null, {"a": null}]}'
    assert protocols.parse_json(Call("events", "PutRule", "json", body=body)) == {"Name": "x", "Targets": [None, {}]}


@pytest.mark.parametrize("body", [b"{", b"[]", b"7", b"\xff\xfe", b'"text"'])
def test_a_body_that_is_not_a_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        protocols.parse_json(Call("events", "PutRule", "json", body=body))
    assert refused.value.code == "SerializationException"


def test_an_invalid_time_is_refused() -> None:
    call = Call("cloudwatch", "GetMetricStatistics", "json", body=b'{"StartTime": "soon"}')
    with pytest.raises(Refusal, match="cannot be read") as refused:
        protocols.parse(call)
    assert refused.value.code == "SerializationException"


def test_an_invalid_number_in_a_form_is_refused() -> None:
    request = {
        "method": "POST", "url_path": "/", "headers": {}, "body": {"Action": "DescribeAlarms", "MaxRecords": "many"},
    }  # fmt: skip
    with pytest.raises(Refusal) as refused:
        protocols.parse(route("cloudwatch", request))
    assert refused.value.code == "MalformedInput"


@pytest.mark.parametrize(("protocol", "service"), [(p, s) for s, p in PROTOCOLS] + [("rest-xml", "s3")])
def test_refusals_are_parsed_by_botocore(protocol: str, service: str) -> None:
    refusal = Refusal("SomethingWrong", "it is <wrong> & that's it", 409)
    raw = protocols.serialize_error(Call(service, "", protocol), refusal)
    model = protocols.model(service)
    response = read(protocol, raw, model.operation_model(model.operation_names[0]))
    assert raw.status == 409
    assert (response["Error"]["Code"], response["Error"]["Message"]) == ("SomethingWrong", refusal.message)


def test_further_members_of_an_error_are_serialized() -> None:
    refusal = Refusal("ModelError", "the model said no", 424, OriginalStatusCode=500, OriginalMessage="boom")
    body = json.loads(protocols.serialize_error(Call("sagemaker-runtime", "InvokeEndpoint", "rest-json"), refusal).body)
    assert body["OriginalStatusCode"] == 500
    assert body["OriginalMessage"] == "boom"


def test_a_model_s_response_keeps_its_own_type() -> None:
    result = {"Body": b"yes,0.9\n", "ContentType": "text/csv"}
    raw = protocols.serialize(Call("sagemaker-runtime", "InvokeEndpoint", "rest-json"), result)
    assert raw.headers["Content-Type"] == "text/csv"
    assert raw.body == b"yes,0.9\n"
