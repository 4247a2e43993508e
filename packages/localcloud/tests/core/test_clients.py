"""Clients share what is large, and sign with the keys of their own principal."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from localcloud.core.access.principal import ROLE, Principal
from localcloud.core.cloud import Cloud
from localcloud.services.sts.service import Sts


@pytest.fixture
def services() -> list[Any]:
    return [Sts]


def session(name: str) -> Principal:
    return Principal(ROLE, f"arn:aws:sts::000000000000:assumed-role/jobs/{name}", "000000000000", user_id=f"A:{name}")


def caller(cloud: Cloud, principal: Principal) -> str:
    return str(cloud.client_as(principal, "sts").get_caller_identity()["Arn"])


def test_a_call_is_its_principal_s(cloud: Cloud) -> None:
    assert caller(cloud, session("one")) == session("one").arn
    assert cloud.client("sts").get_caller_identity()["Arn"] == cloud.credentials.administrator.arn


def test_calls_of_many_principals_at_once_are_each_their_own(cloud: Cloud) -> None:
    principals = [session(str(number)) for number in range(20)] * 3
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda each: caller(cloud, each), principals)) == [each.arn for each in principals]


def test_clients_of_many_principals_share_their_connections(cloud: Cloud) -> None:
    first, second = (cloud.client_as(session(name), "s3") for name in ("one", "two"))
    assert first._endpoint is second._endpoint is cloud.client("s3")._endpoint


def test_pages_and_presigned_urls_are_the_principal_s(cloud: Cloud) -> None:
    bucket = {"Bucket": "bucket", "CreateBucketConfiguration": {"LocationConstraint": cloud.region}}
    cloud.client("s3").create_bucket(**bucket)
    signers: list[str] = []

    def record(request: Any, **_: Any) -> None:
        signers.append(request.headers["Authorization"].decode().partition("Credential=")[2].partition("/")[0])

    one, keys = cloud.client_as(session("one"), "s3"), cloud.credentials.keys_of(session("one"))
    one.meta.events.register("before-send.s3", record)
    assert list(one.get_paginator("list_objects_v2").paginate(Bucket="bucket"))
    assert signers == [keys.access_key]
    url = cloud.client_as(session("one"), "sts").generate_presigned_url("get_caller_identity")
    assert session("one").arn in httpx.get(url).text


def test_keys_that_expire_are_renewed(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    sts = cloud.client_as(session("one"), "sts")
    first = cloud.credentials.keys_of(session("one"))
    monkeypatch.setattr(cloud.credentials, "_now", lambda: first.expires + 1)
    assert sts.get_caller_identity()["Arn"] == session("one").arn
