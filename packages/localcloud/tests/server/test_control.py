"""The control plane over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from support.control_key import key_of

from localcloud.core.cloud import Cloud


@pytest.fixture
def services() -> list[Any]:
    return []


def test_status_describes_the_server(cloud: Cloud, aws: Any) -> None:
    aws("sqs").list_queues()
    response = httpx.get(f"{cloud.url}/_localcloud/status").json()
    assert response["folder"] == str(cloud.folder.resolve())
    assert (response["account"], response["region"], response["url"]) == ("000000000000", "eu-west-1", cloud.url)
    assert response["clock"]["stepped"] is True
    assert response["counters"] == {"calls": 1}
    assert response["processes"] == []


def test_the_clock_can_be_advanced(cloud: Cloud) -> None:
    calls: list[int] = []
    cloud.clock.after(60, lambda: calls.append(1))
    before = cloud.clock.now()
    response = httpx.post(f"{cloud.url}/_localcloud/clock/advance", headers=key_of(cloud), json={"seconds": 61}).json()
    assert calls == [1]
    assert response == {"now": cloud.clock.now().isoformat()}
    assert (cloud.clock.now() - before).total_seconds() == 61


@pytest.mark.parametrize("key", [{}, {"X-Localcloud-Key": ""}, {"X-Localcloud-Key": "\u00e9"}])
def test_what_changes_the_server_needs_its_key(cloud: Cloud, key: dict[str, str]) -> None:
    for path in ("reset", "seed", "faults", "clock/advance", "denials/explain"):
        sent = {name: value.encode("latin-1") for name, value in key.items()}
        response = httpx.post(f"{cloud.url}/_localcloud/{path}", json={}, headers=sent)
        assert (response.status_code, "server.json" in response.json()["error"]) == (403, True)
    for path in ("faults", "denials"):
        assert httpx.get(f"{cloud.url}/_localcloud/{path}").status_code == 403
    assert httpx.delete(f"{cloud.url}/_localcloud/faults").status_code == 403


def test_only_a_stepped_clock_can_be_advanced(live_cloud: Cloud) -> None:
    response = httpx.post(
        f"{live_cloud.url}/_localcloud/clock/advance", headers=key_of(live_cloud), json={"seconds": 61}
    )
    assert response.status_code == 400
    assert "only a stepped clock" in response.json()["error"]


def test_a_reset_empties_the_cloud(cloud: Cloud, aws: Any) -> None:
    aws("sqs").create_queue(QueueName="q")
    assert httpx.post(f"{cloud.url}/_localcloud/reset", headers=key_of(cloud), json={}).status_code == 200
    assert "QueueUrls" not in aws("sqs").list_queues()


@pytest.mark.parametrize("seconds", [-1, "1", None, True, [1]])
def test_an_invalid_time_is_refused(cloud: Cloud, seconds: Any) -> None:
    response = httpx.post(f"{cloud.url}/_localcloud/clock/advance", headers=key_of(cloud), json={"seconds": seconds})
    assert (response.status_code, "seconds" in response.json()["error"]) == (400, True)


def test_a_web_page_cannot_reset_anything(cloud: Cloud, aws: Any) -> None:
    """A form of another page can post, but not with the content type of JSON."""
    aws("sqs").create_queue(QueueName="q")
    response = httpx.post(
        f"{cloud.url}/_localcloud/reset", content=b"{}", headers={"Content-Type": "text/plain", **key_of(cloud)}
    )
    assert response.status_code == 400
    assert aws("sqs").list_queues()["QueueUrls"]


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"'])
def test_bodies_must_be_objects(cloud: Cloud, body: bytes) -> None:
    kind = {"Content-Type": "application/json"}
    assert (
        httpx.post(f"{cloud.url}/_localcloud/faults", content=body, headers={**kind, **key_of(cloud)}).status_code
        == 400
    )


def test_an_unknown_route_is_refused_with_the_known_ones(cloud: Cloud) -> None:
    response = httpx.get(f"{cloud.url}/_localcloud/nothing")
    assert response.status_code == 404
    assert "GET nothing is none of: GET status" in response.json()["error"]
