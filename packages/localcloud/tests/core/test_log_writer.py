"""Lines are written to CloudWatch Logs in order, completely, and without blocking."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from localcloud.core import moto_backends
from localcloud.core.cloud import Cloud
from localcloud.core.counters import DEFECTS
from localcloud.server.composition import compose
from localcloud.server.listening import listening


@pytest.fixture
def services() -> list[Any]:
    return []


def lines(aws: Any, group: str, stream: str) -> list[str]:
    response = aws("logs").get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True)
    return [event["message"] for event in response["events"]]


def test_lines_stay_in_order_across_batches(cloud: Cloud, aws: Any) -> None:
    for number in range(300):
        cloud.log("/aws/sagemaker/TrainingJobs", "job/algo-1", [f"{number}a", f"{number}b"])
    assert cloud.logs.flush()
    assert lines(aws, "/aws/sagemaker/TrainingJobs", "job/algo-1") == [
        f"{number}{part}" for number in range(300) for part in "ab"
    ]


def test_a_prefix_finds_the_lines_of_one_job_only(cloud: Cloud, aws: Any) -> None:
    """As `aws logs tail --log-stream-name-prefix` requests it."""
    for job in ("first", "second"):
        cloud.log("/group", f"{job}/algo-1", [job])
    assert cloud.logs.flush()

    def messages(**request: Any) -> list[str]:
        return [event["message"] for event in aws("logs").filter_log_events(**request)["events"]]

    assert messages(logGroupName="/group") == ["first", "second"]
    assert messages(logGroupName="/group", logStreamNamePrefix="second/") == ["second"]
    assert messages(logGroupName="/group", logStreamNamePrefix="third") == []
    arn = f"arn:aws:logs:{cloud.region}:{cloud.account}:log-group:/group"
    assert messages(logGroupIdentifier=arn, logStreamNames=["first/algo-1"]) == ["first"]


def test_many_writers_lose_nothing(cloud: Cloud, aws: Any) -> None:
    def write(stream: str) -> None:
        for number in range(50):
            cloud.log("/group", stream, [str(number)])

    threads = [threading.Thread(target=write, args=(f"s{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    cloud.logs.flush()
    for number in range(8):
        assert lines(aws, "/group", f"s{number}") == [str(line) for line in range(50)]


def test_without_lines_the_stream_is_created(cloud: Cloud, aws: Any) -> None:
    cloud.log("/group", "empty", [])
    cloud.log("/group", "blank", ["", "line", ""])
    cloud.logs.flush()
    assert lines(aws, "/group", "empty") == []
    assert lines(aws, "/group", "blank") == ["line"]


def test_with_a_clock_that_is_far_ahead(cloud: Cloud, aws: Any) -> None:
    then = cloud.clock.now() + timedelta(days=30)
    cloud.log("/group", "stream", ["from the future"], at=then)
    cloud.logs.flush()
    event = aws("logs").get_log_events(logGroupName="/group", logStreamName="stream")["events"][0]
    assert event["timestamp"] == int(then.timestamp() * 1000)


def test_writing_does_not_wait_for_a_lock(cloud: Cloud, aws: Any) -> None:
    with cloud.moto("logs"):  # nothing can be written meanwhile
        cloud.log("/group", "stream", ["line"])
        assert not cloud.logs.flush(timeout=0.2)
    assert cloud.logs.flush()
    assert lines(aws, "/group", "stream") == ["line"]


def test_queued_lines_are_written_before_the_end(cloud: Cloud, aws: Any) -> None:
    for number in range(100):
        cloud.log("/group", "stream", [str(number)])
    cloud.logs.close()
    cloud.log("/group", "stream", ["too late"])
    assert lines(aws, "/group", "stream") == [str(number) for number in range(100)]
    assert cloud.logs.flush()


def test_lines_that_cannot_be_written_are_a_defect_and_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with listening(compose(tmp_path, services=[])) as cloud:
        with monkeypatch.context() as broken:
            broken.setattr(moto_backends, "backend", lambda *_: 1 / 0)
            cloud.log("/group", "stream", ["lost"])
            assert cloud.logs.flush()
        assert cloud.counters[DEFECTS] == 1
        assert "lines of /group stream are lost" in caplog.text
        cloud.log("/group", "stream", ["kept"])
        assert cloud.logs.flush()
        assert lines(cloud.client, "/group", "stream") == ["kept"]
