"""A recent and bounded sample of captured requests."""

import base64
import json

import pytest

from release import recorded_traffic
from release.context import Context
from release.invocation import Request
from settings.loader import load

BUCKET = "churn-prod-000000000000-eu-west-1"


def line(data, content_type="text/csv", encoding="CSV", **event):
    sent = {"observedContentType": content_type, "mode": "INPUT", "data": data, "encoding": encoding}
    return json.dumps({"captureData": {"endpointInput": sent}, "eventMetadata": {"eventId": "1", **event}})


@pytest.fixture
def context(aws):
    aws("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return Context(load("prod+local"), aws, lambda _: None)


def put(aws, when, *lines):
    key = f"churn/capture/churn-prod/AllTraffic/{when}.jsonl"
    aws("s3").put_object(Bucket=BUCKET, Key=key, Body="".join(f"{each}\n" for each in lines).encode())


def bodies(context):
    return [request.body.decode() for request in recorded_traffic.read(context)]


def test_the_newest_requests_come_first_and_no_more_than_the_limit(context, aws, monkeypatch):
    put(aws, "2025/12/31/23/59-1-a", line("oldest"))
    put(aws, "2026/11/30/09/10-1-b", line("old"), line("newer"))
    put(aws, "2026/12/01/00/05-1-c", line("newest"))
    assert bodies(context) == ["newest", "newer", "old", "oldest"]
    monkeypatch.setattr(recorded_traffic, "MAX_REQUESTS", 2)
    assert bodies(context) == ["newest", "newer"]
    monkeypatch.setattr(recorded_traffic, "MAX_OBJECTS", 1)
    assert bodies(context) == ["newest"]


def test_without_captured_data_there_are_none(context):
    assert bodies(context) == []


def test_what_releases_sent_and_what_is_no_text_is_left_out():
    content = "\n".join(
        [
            line("ours", inferenceId="known-request"),
            line("AAAA", "application/x-parquet", "BASE64"),
            line(base64.b64encode(b"1,\xc3\xa9").decode(), "text/csv; charset=utf-8", "BASE64"),
            line('{"instances": []}', "application/json", "JSON", inferenceId="a customer's"),
            '{"captureData": {}}',
            "[1]",
            '{"cut off',
        ]
    )
    assert recorded_traffic.parse(content.encode()) == [
        Request(b"1,\xc3\xa9", "text/csv; charset=utf-8"),
        Request(b'{"instances": []}', "application/json"),
    ]
