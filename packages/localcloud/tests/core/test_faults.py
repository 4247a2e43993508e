"""Injected faults: refused calls of localcloud's services and moto's, a slow S3, a killed job; invalid faults."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError
from support.control_key import key_of

from localcloud.core.cloud import Cloud
from localcloud.core.counters import DEFECTS
from localcloud.core.service import Service, operation


class Events(Service):
    name = "events"

    @operation("ListRules")
    def list_rules(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"Rules": []}


@pytest.fixture
def services() -> list[type[Service]]:
    return [Events]


def outcome(call: Any, **request: Any) -> str:
    try:
        call(**request)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        return f"{error.response['Error']['Code']} {status}"
    return "fine"


def test_operations_of_localcloud_s_services_are_throttled_so_many_times(cloud: Cloud, aws: Any) -> None:
    cloud.faults.throttle("events.ListRules", times=2)
    assert [outcome(aws("events").list_rules) for _ in range(3)] == ["ThrottlingException 400"] * 2 + ["fine"]


@pytest.mark.parametrize(
    ("operation", "service", "method", "request_", "refused"),
    [
        ("sqs.ListQueues", "sqs", "list_queues", {}, "ThrottlingException 400"),
        ("sns.ListTopics", "sns", "list_topics", {}, "ThrottlingException 400"),
        ("s3.ListBuckets", "s3", "list_buckets", {}, "SlowDown 503"),
        ("lambda.ListFunctions", "lambda", "list_functions", {}, "ThrottlingException 400"),
    ],
)
def test_operations_of_moto_are_throttled_too(
    cloud: Cloud, aws: Any, operation: str, service: str, method: str, request_: dict[str, Any], refused: str
) -> None:
    cloud.faults.throttle(operation)
    call = getattr(aws(service), method)
    assert [outcome(call, **request_), outcome(call, **request_)] == [refused, "fine"]
    assert not cloud.counters[DEFECTS]


def test_other_operations_of_the_service_do_not_fail(cloud: Cloud, aws: Any) -> None:
    s3 = aws("s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    cloud.faults.fail("s3.PutObject", code="InternalError", status=500)
    assert outcome(s3.list_objects_v2, Bucket="bucket") == "fine"
    assert outcome(s3.put_object, Bucket="bucket", Key="a/b", Body=b"x") == "InternalError 500"
    assert outcome(s3.put_object, Bucket="bucket", Key="a/b", Body=b"x") == "fine"
    assert not cloud.counters[DEFECTS]  # it was injected


def test_a_form_that_was_parsed_for_a_fault_still_arrives(cloud: Cloud, aws: Any) -> None:
    cloud.faults.throttle("sns.DeleteTopic")
    assert aws("sns").create_topic(Name="topic")["TopicArn"].endswith(":topic")


def test_s3_can_be_slow_and_no_other_service(cloud: Cloud, aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("localcloud.core.faults.time", SimpleNamespace(sleep=slept.append))
    cloud.faults.inject({"s3_delay_ms": 400})
    aws("sqs").list_queues()
    assert slept == []
    aws("s3").list_buckets()
    assert slept == [0.4]


def test_a_job_is_killed_by_its_name(cloud: Cloud) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True) as child:
        cloud.processes.register(child.pid, "churn-train-1")
        assert cloud.faults.inject({"kill_job": "other"}) == {"killed": False}
        assert child.poll() is None
        assert cloud.faults.inject({"kill_job": "churn-train-1"}) == {"killed": True}
        assert child.wait(10) == -9


def test_faults_are_shown_and_can_be_cleared(cloud: Cloud, aws: Any) -> None:
    url = f"{cloud.url}/_localcloud/faults"
    httpx.post(url, headers=key_of(cloud), json={"operation": "events.ListRules", "times": 3})
    httpx.post(url, headers=key_of(cloud), json={"event": "Tick", "deliveries": 2, "times": 2})
    assert outcome(aws("events").list_rules) == "ThrottlingException 400"
    assert httpx.get(url, headers=key_of(cloud)).json() == {
        "operations": {"events.ListRules": {"code": "ThrottlingException", "left": 2}},
        "events": {"Tick": [2, 2]},
        "s3_delay_ms": 0.0,
    }
    assert httpx.delete(url, headers=key_of(cloud)).json() == {"operations": {}, "events": {}, "s3_delay_ms": 0.0}
    assert outcome(aws("events").list_rules) == "fine"
    assert cloud.faults.next_event("Tick") == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"operation": "ListRules"},
        {"operation": "events.ListRules", "times": 0},
        {"operation": "events.ListRules", "times": "3"},
        {"operation": "events.ListRules", "often": 3},
        {"operation": 7},
        {"operation": "events.ListRules", "status": 200},
        {"operation": "events.ListRules", "event": "Tick"},
        {"unknown": "x"},
        {"event": "Tick"},
        {"event": "Tick", "deliveries": 3},
        {"event": "Tick", "deliveries": 0, "times": -1},
        {"s3_delay_ms": -1},
        {"s3_delay_ms": "slow"},
        {"s3_delay_ms": None},
        {"kill_job": "x", "times": 2},
    ],
    ids=str,
)
def test_an_invalid_fault_is_refused_with_a_sentence(cloud: Cloud, wrong: dict[str, Any]) -> None:
    response = httpx.post(f"{cloud.url}/_localcloud/faults", headers=key_of(cloud), json=wrong)
    assert response.status_code == 400
    assert len(response.json()["error"]) > 20
    assert not cloud.faults.active
