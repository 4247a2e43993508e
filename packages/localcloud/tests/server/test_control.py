"""The control plane over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from localcloud.core.cloud import Cloud


@pytest.fixture
def services() -> list[Any]:
    return []


def test_status_tells_who_this_is_and_how_it_is_doing(cloud: Cloud, aws: Any) -> None:
    aws("sqs").list_queues()
    told = httpx.get(f"{cloud.url}/_localcloud/status").json()
    assert told["folder"] == str(cloud.folder.resolve())
    assert (told["account"], told["region"], told["url"]) == ("000000000000", "eu-west-1", cloud.url)
    assert told["clock"]["stepped"] is True
    assert told["counters"] == {"calls": 1}
    assert told["processes"] == []


def test_the_clock_is_advanced(cloud: Cloud) -> None:
    rung: list[int] = []
    cloud.clock.after(60, lambda: rung.append(1))
    before = cloud.clock.now()
    told = httpx.post(f"{cloud.url}/_localcloud/clock/advance", json={"seconds": 61}).json()
    assert rung == [1]
    assert told == {"now": cloud.clock.now().isoformat()}
    assert (cloud.clock.now() - before).total_seconds() == 61


def test_a_clock_that_runs_cannot_be_advanced(live_cloud: Cloud) -> None:
    answer = httpx.post(f"{live_cloud.url}/_localcloud/clock/advance", json={"seconds": 61})
    assert answer.status_code == 400
    assert "only a stepped clock" in answer.json()["error"]


def test_reset_empties(cloud: Cloud, aws: Any) -> None:
    aws("sqs").create_queue(QueueName="q")
    assert httpx.post(f"{cloud.url}/_localcloud/reset", json={}).status_code == 200
    assert "QueueUrls" not in aws("sqs").list_queues()


@pytest.mark.parametrize("seconds", [-1, "1", None, True, [1]])
def test_what_is_no_time_is_refused(cloud: Cloud, seconds: Any) -> None:
    answer = httpx.post(f"{cloud.url}/_localcloud/clock/advance", json={"seconds": seconds})
    assert (answer.status_code, "seconds" in answer.json()["error"]) == (400, True)


def test_a_web_page_cannot_reset_anything(cloud: Cloud, aws: Any) -> None:
    """A form of a page from elsewhere can post, but not say that it is JSON."""
    aws("sqs").create_queue(QueueName="q")
    answer = httpx.post(f"{cloud.url}/_localcloud/reset", content=b"{}", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 400
    assert aws("sqs").list_queues()["QueueUrls"]


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"'])
def test_bodies_must_be_objects(cloud: Cloud, body: bytes) -> None:
    kind = {"Content-Type": "application/json"}
    assert httpx.post(f"{cloud.url}/_localcloud/faults", content=body, headers=kind).status_code == 400


def test_what_is_not_there_is_answered_with_what_is(cloud: Cloud) -> None:
    answer = httpx.get(f"{cloud.url}/_localcloud/nothing")
    assert answer.status_code == 404
    assert "GET nothing is none of: GET status" in answer.json()["error"]
