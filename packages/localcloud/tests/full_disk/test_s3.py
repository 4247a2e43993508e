"""S3 on a full disk: refused at once, nothing half-written, and as before once there is space again."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.full_disk
LARGE, HUGE = os.urandom(5 << 20), os.urandom(18 << 20)  # waits in a file; is stored in one


def refusal(call: Callable[..., Any], **request: Any) -> str:
    started = time.monotonic()
    with pytest.raises(ClientError) as caught:
        call(**request)
    assert time.monotonic() - started < 5
    response = caught.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 507
    assert response["ResponseMetadata"]["RetryAttempts"] == 0
    assert response["Error"]["Code"] == "NoDiskSpaceForLocalcloud"
    return str(response["Error"]["Message"])


@pytest.fixture
def client(cloud: Any, s3: Any) -> Any:
    """As people have it: with botocore's own retries."""
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    return boto3.client("s3", endpoint_url=cloud.url, region_name=cloud.region, **keys)


@pytest.mark.parametrize("free", [22, 10, 0])
def test_put_object_is_refused_at_once(disk: Any, client: Any, is_sentence: Any, free: int) -> None:
    client.put_object(Bucket="bucket", Key="before", Body=LARGE)
    disk.fill(free)
    assert is_sentence(refusal(client.put_object, Bucket="bucket", Key="new", Body=LARGE))
    assert is_sentence(refusal(client.put_object, Bucket="bucket", Key="before", Body=LARGE[::-1]))
    with pytest.raises(ClientError, match="404"):
        client.head_object(Bucket="bucket", Key="new")
    assert client.get_object(Bucket="bucket", Key="before")["Body"].read() == LARGE  # a response needs no disk
    client.put_object(Bucket="bucket", Key="small", Body=b"small")  # nor does what is small
    disk.empty()
    client.put_object(Bucket="bucket", Key="new", Body=LARGE)
    assert client.get_object(Bucket="bucket", Key="new")["Body"].read() == LARGE


def test_an_object_that_fills_the_disk_while_it_is_stored_is_refused(
    disk: Any, client: Any, eventually: Any, is_sentence: Any
) -> None:
    """The body has space enough, but not the object besides."""
    disk.fill(45)
    assert is_sentence(refusal(client.put_object, Bucket="bucket", Key="huge", Body=HUGE + HUGE[: 4 << 20]))
    with pytest.raises(ClientError, match="404"):
        client.head_object(Bucket="bucket", Key="huge")
    eventually(lambda: disk.free > 44)  # the body is gone when its connection is ready for the next request
    client.put_object(Bucket="bucket", Key="huge", Body=HUGE)
    assert client.get_object(Bucket="bucket", Key="huge")["Body"].read() == HUGE


def test_a_multipart_upload_goes_on_when_there_is_space(disk: Any, client: Any, is_sentence: Any) -> None:
    where = {"Bucket": "bucket", "Key": "huge"}
    where["UploadId"] = client.create_multipart_upload(**where)["UploadId"]
    pieces = {number: HUGE[start : start + (6 << 20)] for number, start in ((1, 0), (2, 6 << 20), (3, 12 << 20))}
    for number in (1, 2):
        client.upload_part(**where, PartNumber=number, Body=pieces[number])
    disk.fill(5)
    assert is_sentence(refusal(client.upload_part, **where, PartNumber=3, Body=pieces[3]))
    disk.empty()
    client.upload_part(**where, PartNumber=3, Body=pieces[3])
    parts = [{key: part[key] for key in ("PartNumber", "ETag")} for part in client.list_parts(**where)["Parts"]]
    disk.fill(5)  # the object takes the space of its parts
    client.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})
    assert client.get_object(Bucket="bucket", Key="huge")["Body"].read() == HUGE


def test_a_body_without_a_length_is_refused_when_it_fills_the_disk(disk: Any, cloud: Any, s3: Any) -> None:
    import httpx

    disk.fill(22)
    response = httpx.put(f"{cloud.url}/bucket/chunks", content=(LARGE for _ in range(6)), timeout=30)
    assert response.status_code == 507
    assert "is full" in response.text
    assert "Contents" not in s3.list_objects_v2(Bucket="bucket")


def test_the_proxy_refuses_a_new_host(disk: Any, is_sentence: Any) -> None:
    from localcloud.core.counters import Counters
    from localcloud.server.certificates import Authority
    from localcloud.server.egress_proxy import EgressProxy

    proxy = EgressProxy("http://127.0.0.1:1", Authority(), Counters()).start()
    try:
        disk.fill()
        with socket.create_connection(("127.0.0.1", int(proxy.url.rpartition(":")[2])), timeout=10) as client:
            client.sendall(b"CONNECT sts.amazonaws.com:443 HTTP/1.1\r\n\r\n")
            response = client.makefile().read()
        assert response.startswith("HTTP/1.1 507 ")
        assert is_sentence(response)
    finally:
        proxy.close()
