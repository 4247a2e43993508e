"""Connections to AWS's hosts end in localcloud; those to other hosts are refused."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from localcloud.core.clock import Clock
from localcloud.core.cloud import Cloud
from localcloud.core.counters import BLOCKED_HOSTS, REDIRECTED_HOSTS, Counters
from localcloud.server.certificates import Authority
from localcloud.server.composition import compose
from localcloud.server.egress_proxy import EgressProxy
from localcloud.server.listening import listening


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    with listening(compose(tmp_path, clock=Clock(stepped=True), services=[]), with_proxy=True) as cloud:
        yield cloud


def through(cloud: Cloud, request: bytes) -> tuple[socket.socket, bytes]:
    client = socket.create_connection(("127.0.0.1", int(cloud.proxy_url.rpartition(":")[2])), timeout=10)
    client.sendall(request)
    return client, client.recv(4096)


def run(cloud: Cloud, code: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= cloud.environment()
    del environment["AWS_ENDPOINT_URL"]  # as with code that names the host itself
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)


def test_a_hard_coded_host_of_aws_is_localcloud(cloud: Cloud) -> None:
    code = "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"
    done = run(cloud, code)
    assert done.stdout == f"{cloud.account}\n", done.stderr
    assert cloud.counters[f"{REDIRECTED_HOSTS}: sts.eu-west-1.amazonaws.com"] == 1


def test_the_url_of_a_queue_is_localclouds_even_if_the_request_named_aws(cloud: Cloud) -> None:
    done = run(cloud, "import boto3; print(boto3.client('sqs').create_queue(QueueName='q')['QueueUrl'])")
    assert done.stdout == f"{cloud.url}/{cloud.account}/q\n", done.stderr


def test_the_host_of_a_bucket_is_localcloud_too(cloud: Cloud) -> None:
    cloud.client("s3").create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": cloud.region})
    body = "b'x' * 3_000_000"
    code = f"import boto3; s3 = boto3.client('s3'); s3.put_object(Bucket='bucket', Key='a b/c', Body={body});"
    code += "print(len(s3.get_object(Bucket='bucket', Key='a b/c')['Body'].read()))"
    done = run(cloud, code)
    assert done.stdout == "3000000\n", done.stderr
    assert cloud.counters[f"{REDIRECTED_HOSTS}: bucket.s3.eu-west-1.amazonaws.com"]
    assert cloud.client("s3").list_objects_v2(Bucket="bucket")["Contents"][0]["Key"] == "a b/c"


@pytest.mark.parametrize(
    "request_",
    [
        b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n",
        b"CONNECT amazonaws.com.evil.example:443 HTTP/1.1\r\n\r\n",
        b"CONNECT sts.amazonaws.com.evil.example:443 HTTP/1.1\r\n\r\n",
        b"CONNECT evil-amazonaws.com:443 HTTP/1.1\r\n\r\n",
        b"GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n",
        b"GET http://169.254.169.254/latest/meta-data/ HTTP/1.1\r\n\r\n",
    ],
)
def test_any_other_host_is_refused(cloud: Cloud, request_: bytes) -> None:
    client, response = through(cloud, request_)
    client.close()
    assert response.startswith(b"HTTP/1.1 403 localcloud lets nothing leave this machine")
    assert sum(number for name, number in cloud.counters.all().items() if name.startswith(BLOCKED_HOSTS)) == 1


def test_a_client_without_the_certificate_refuses_the_connection(cloud: Cloud) -> None:
    client, response = through(cloud, b"CONNECT sts.eu-west-1.amazonaws.com:443 HTTP/1.1\r\n\r\n")
    assert response.startswith(b"HTTP/1.1 200")
    with pytest.raises(ssl.SSLCertVerificationError):
        ssl.create_default_context().wrap_socket(client, server_hostname="sts.eu-west-1.amazonaws.com")
    client.close()


def test_the_certificate_is_valid_for_one_host_only(cloud: Cloud) -> None:
    trusting = ssl.create_default_context(cafile=str(cloud.certificate))
    trusting.verify_flags |= ssl.VERIFY_X509_STRICT
    for name, valid in (("sts.eu-west-1.amazonaws.com", True), ("sts.us-east-1.amazonaws.com", False)):
        client, _ = through(cloud, b"CONNECT sts.eu-west-1.amazonaws.com:443 HTTP/1.1\r\n\r\n")
        try:
            trusting.wrap_socket(client, server_hostname=name).close()
            assert valid
        except ssl.SSLCertVerificationError:
            assert not valid
        client.close()


def test_no_key_is_written_anywhere(cloud: Cloud) -> None:
    run(cloud, "import boto3; boto3.client('sts').get_caller_identity()")
    files = [path for path in cloud.folder.rglob("*") if path.is_file()]
    assert cloud.certificate in files
    assert not [path for path in files if b"PRIVATE" in path.read_bytes()]


@pytest.mark.parametrize("garbage", [b"", b"\x00" * 100, b"CONNECT\r\n\r\n", b"\r\n\r\n", b"x" * 70_000])
def test_garbage_is_ignored(cloud: Cloud, garbage: bytes) -> None:
    with socket.create_connection(("127.0.0.1", int(cloud.proxy_url.rpartition(":")[2])), timeout=10) as client:
        client.sendall(garbage)
    other, response = through(cloud, b"CONNECT sts.eu-west-1.amazonaws.com:443 HTTP/1.1\r\n\r\n")
    other.close()
    assert response.startswith(b"HTTP/1.1 200")


def test_open_tunnels_end_with_the_proxy(tmp_path: Path) -> None:
    tunnels: list[Any] = []
    with listening(compose(tmp_path, clock=Clock(stepped=True), services=[]), with_proxy=True) as cloud:
        client, _ = through(cloud, b"CONNECT sts.eu-west-1.amazonaws.com:443 HTTP/1.1\r\n\r\n")
        trusting = ssl.create_default_context(cafile=str(cloud.certificate))
        tunnels.append(trusting.wrap_socket(client, server_hostname="sts.eu-west-1.amazonaws.com"))
        tunnels[0].settimeout(10)
    with suppress(OSError):  # a reset is fine too
        assert tunnels[0].recv(1) == b""
    tunnels[0].close()


def test_a_connection_during_the_close_is_closed(tmp_path: Path) -> None:
    proxy = EgressProxy("http://127.0.0.1:1", Authority(), Counters()).start()
    proxy.close()
    with socket.socket() as late, pytest.raises(ConnectionError), proxy._tracked(late):
        pass
