"""What services share: each other, the clock, events, metrics, background work, and an orderly close."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from localcloud.core import protocols
from localcloud.core.clock import Clock
from localcloud.core.cloud import Cloud
from localcloud.core.counters import DEFECTS
from localcloud.core.service import Service, operation
from localcloud.server.composition import SERVICES, compose
from localcloud.server.listening import listening


class Events(Service):
    name = "events"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.seen: list[dict[str, Any]] = []
        self.samples: list[Any] = []
        self.log: list[str] = []
        cloud.events.subscribe(self.seen.append)
        cloud.metrics.subscribe(self.samples.append)

    @operation("ListRules")
    def list_rules(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"Rules": []}

    def reset(self) -> None:
        self.seen.clear()
        self.log.append("reset")

    def close(self) -> None:
        self.log.append("closed")


class Scheduler(Service):
    name = "scheduler"


@pytest.fixture
def services() -> list[Any]:
    return [Events, Scheduler]


def test_services_find_each_other(cloud: Cloud) -> None:
    assert cloud.service(Events) is cloud.services["events"]
    assert list(cloud.services) == ["events", "scheduler"]

    class Other(Service):
        name = "events"

    with pytest.raises(TypeError, match="events is served by Events, not by Other"):
        cloud.service(Other)


def test_a_service_can_be_named_by_its_import_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "from localcloud.core.service import Service\nclass G(Service):\n    name = 'events'\n"
    (tmp_path / "garden.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    cloud = compose(tmp_path / "state", clock=Clock(stepped=True), services=["garden:G"])
    cloud.close()
    assert type(cloud.services["events"]).__name__ == "G"


def test_every_operation_exists_on_aws(tmp_path: Path) -> None:
    cloud = compose(tmp_path, clock=Clock(stepped=True))
    cloud.close()
    assert len(cloud.services) == len(SERVICES)
    for service in cloud.services.values():
        unknown = set(service.operations) - set(protocols.model(service.name).operation_names)
        assert not unknown, f"{service.name} has operations that AWS does not have: {unknown}"


def test_arns_and_clients_belong_to_the_cloud(cloud: Cloud) -> None:
    assert cloud.arn("sagemaker", "pipeline/churn") == "arn:aws:sagemaker:eu-west-1:000000000000:pipeline/churn"
    assert cloud.client("s3") is cloud.client("s3")
    assert cloud.client("events").list_rules()["Rules"] == []


def test_events_have_aws_s_envelope(cloud: Cloud) -> None:
    detail = {"Status": "Completed", "Tags": []}
    cloud.emit("aws.sagemaker", "SageMaker Training Job State Change", detail, ["arn:job"])
    detail["Status"] = "changed later"
    cloud.emit("aws.sagemaker", "Other", {}, [])
    first, second = cloud.service(Events).seen
    assert first.pop("id") != second["id"]
    assert first == {
        "version": "0",
        "detail-type": "SageMaker Training Job State Change",
        "source": "aws.sagemaker",
        "account": "000000000000",
        "time": cloud.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": "eu-west-1",
        "resources": ["arn:job"],
        "detail": {"Status": "Completed", "Tags": []},
    }
    assert list(cloud.events.recent)[1] is second


def test_a_dropped_and_a_duplicated_event(cloud: Cloud) -> None:
    cloud.faults.drop("Tick")
    cloud.faults.duplicate("Tick")
    for _ in range(3):
        cloud.emit("aws.test", "Tick", {}, [])
    ids = [event["id"] for event in cloud.service(Events).seen]
    assert len(ids) == 3
    assert ids[0] == ids[1] != ids[2]


def test_metrics_have_a_time(cloud: Cloud) -> None:
    before, then = cloud.clock.now(), datetime(2026, 1, 1, tzinfo=UTC)
    cloud.metric("AWS/SageMaker", "Invocations", 1, {"EndpointName": "e"}, "Count")
    cloud.metric("AWS/SageMaker", "Invocations", 2, {}, at=then)
    first, second = cloud.service(Events).samples
    assert (first.name, first.value, first.dimensions, first.unit) == (
        "Invocations",
        1.0,
        {"EndpointName": "e"},
        "Count",
    )
    assert (first.at, second.at, second.unit) == (before, then, "None")


def test_work_runs_on_another_thread_without_the_lock(cloud: Cloud) -> None:
    with cloud.lock:  # held by this thread
        assert cloud.work(lambda a, b: (a + b, threading.current_thread().name), 1, 2).result(10)[0] == 3


def test_a_timer_that_fails_is_a_defect(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with listening(compose(tmp_path, clock=Clock(stepped=True), services=[])) as cloud:
        cloud.clock.after(10, lambda: [][0])
        cloud.clock.advance(30)
        assert cloud.counters[DEFECTS] == 1
    assert "a callback of the clock failed" in caplog.text


def test_work_that_fails_is_a_defect(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cloud = compose(tmp_path, clock=Clock(stepped=True), services=[])
    future = cloud.work(lambda: 1 / 0)
    assert isinstance(future.exception(10), ZeroDivisionError)
    assert cloud.counters[DEFECTS] == 1
    assert "background work failed" in caplog.text
    cloud.close()


def test_a_closed_cloud_accepts_no_work(tmp_path: Path) -> None:
    cloud = compose(tmp_path, clock=Clock(stepped=True), services=[])
    cloud.close()
    assert cloud.work(print, "never").cancelled()


def test_a_reset_empties_localcloud_s_and_moto_s_services(cloud: Cloud, aws: Any) -> None:
    aws("sqs").create_queue(QueueName="q")
    cloud.log("/group", "stream", ["line"])
    cloud.emit("aws.test", "Tick", {}, [])
    cloud.faults.throttle("events.ListRules")
    cloud.reset()
    assert "QueueUrls" not in aws("sqs").list_queues()
    assert aws("logs").describe_log_groups()["logGroups"] == []
    assert not cloud.events.recent
    assert cloud.service(Events).log == ["reset"]
    assert aws("events").list_rules()["Rules"] == []


def test_the_clock_of_a_test_is_stepped(cloud: Cloud) -> None:
    before, times = cloud.clock.now(), []
    cloud.clock.after(600, lambda: times.append(cloud.clock.now()))
    cloud.clock.advance(601)
    assert [(moment - before).total_seconds() for moment in times] == [600]


def test_a_live_clock_is_fast(live_cloud: Cloud) -> None:
    fired = threading.Event()
    live_cloud.clock.after(600, fired.set)
    assert fired.wait(30)


def test_close_leaves_no_thread_and_services_can_make_calls_meanwhile(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    responses: list[Any] = []

    class Last(Events):
        def close(self) -> None:
            super().close()
            responses.append(self.cloud.client("events").list_rules()["Rules"])

    with listening(compose(tmp_path, clock=Clock(1000), services=[Last]), with_proxy=True) as cloud:
        cloud.work(time.sleep, 0.01)
        cloud.log("/group", "stream", ["line"])
        cloud.client("sqs").list_queues()
    cloud.close()
    assert responses == [[]]
    assert cloud.service(Last).log == ["closed"]
    left = [thread for thread in set(threading.enumerate()) - before if thread.is_alive()]
    assert not left, left


def test_the_environment_of_a_child_process_names_the_endpoint_and_the_proxy(tmp_path: Path) -> None:
    with listening(compose(tmp_path, clock=Clock(stepped=True), services=[]), with_proxy=True) as cloud:
        environment = cloud.environment()
        assert environment["AWS_ENDPOINT_URL"] == cloud.url
        assert environment["HTTPS_PROXY"] == environment["https_proxy"] == cloud.proxy_url
        assert Path(environment["AWS_CA_BUNDLE"]).read_text().startswith("-----BEGIN CERTIFICATE-----")
        assert environment["AWS_REGION"] == environment["AWS_DEFAULT_REGION"] == "eu-west-1"


def test_without_a_proxy_the_environment_names_none(cloud: Cloud) -> None:
    assert not {"HTTPS_PROXY", "AWS_CA_BUNDLE"} & set(cloud.environment())
