import os
import signal
import threading
import time

import pytest

from localcloud.services.sagemaker.hosting.fleet_registry import FleetRegistry

PING = "The primary container for production variant AllTraffic did not pass the ping health check."


def test_instances_answer_once_done_is_called(hosting):
    fleet = hosting.started(2, COLOUR="green")
    result = hosting.send(fleet)
    assert (fleet.size, result.status, result.body) == (2, 200, b"green")
    assert result.content_type == "text/csv; charset=utf-8"
    assert len(hosting.processes()) == 2


def test_done_is_called_once_under_the_lock_and_for_all(hosting):
    held = []
    done = hosting.done()
    fleet = hosting.fleet()
    fleet.start(
        3, lambda failure: (held.append(hosting.cloud.lock._is_owned()), held.append(fleet.size), done(failure))
    )
    assert done.wait() == ""
    assert held == [True, 3]
    time.sleep(0.05)
    assert done.calls == [""]


def test_the_archive_is_fetched_once_for_all_instances(hosting):
    fetched = []
    hosting.cloud.faults.next_call = lambda operation, *_: fetched.append(operation) and None
    fleet = hosting.started(2)
    done = hosting.done()
    fleet.start(1, done)
    assert done.wait() == ""
    assert sum("GET /bucket/model.tar.gz" in operation for operation in fetched) == 1


def test_an_instance_has_a_log_a_name_and_the_variables_of_its_container(hosting):
    fleet = hosting.started(COLOUR="green", SM_MODEL_DIR="/opt/ml/model", AWS_ENDPOINT_URL="https://elsewhere.example")
    result = hosting.send(fleet)
    assert result.stream.startswith("AllTraffic/i-")
    assert (result.stream, "model in /opt/ml/model, green") in hosting.log()
    assert [process.name for process in hosting.processes()] == [f"churn/{result.stream}"]
    variables = {
        name: hosting.send(fleet, f"environment {name}").body.decode()
        for name in ("AWS_ENDPOINT_URL", "OMP_NUM_THREADS", "SAGEMAKER_REGION", "SM_MODEL_DIR")
    }
    model = variables.pop("SM_MODEL_DIR")
    assert model.startswith(str(hosting.cloud.folder))
    assert model.endswith("/model")
    assert variables == {
        "AWS_ENDPOINT_URL": hosting.cloud.url,
        "OMP_NUM_THREADS": "1",
        "SAGEMAKER_REGION": "eu-west-1",
    }


def test_a_model_that_crashes_at_start_is_reported_with_its_last_line(hosting):
    why = hosting.failed(AT_START="crash")
    assert why.startswith(PING)
    assert "ValueError: no model.json" in why
    assert hosting.processes() == []


def test_a_model_that_does_not_answer_in_time(hosting):
    fleet, done = hosting.fleet(AT_START="hang"), hosting.done()
    fleet.startup_seconds = 0.5
    fleet.start(1, done)
    assert (
        done.wait() == f"{PING} Please check CloudWatch logs for this endpoint. (no answer to GET /ping within 0.5 s)"
    )
    hosting.until(lambda: hosting.processes() == [])
    assert fleet.size == 0


def test_one_instance_of_two_that_fails_is_reported_once(hosting):
    fleet, done = hosting.fleet(AT_START="crash"), hosting.done()
    fleet.start(2, done)
    assert PING in done.wait()
    hosting.until(lambda: not any(each.alive for each in fleet.supervisors))
    assert len(done.calls) == 1


@pytest.mark.parametrize("key", ["missing.tar.gz", "nowhere/model.tar.gz"])
def test_a_missing_archive(hosting, key):
    uri = f"s3://bucket/{key}" if "nowhere" not in key else f"s3://{key}"
    why = hosting.failed(uri=uri)
    assert why.startswith(f'Failed to download model data for container "container_1" from URL: "{uri}".')


@pytest.mark.parametrize("body", [b"this is no archive", "cut"])
def test_a_corrupt_archive(hosting, body):
    whole = hosting.s3.get_object(Bucket="bucket", Key="model.tar.gz")["Body"].read()
    hosting.s3.put_object(Bucket="bucket", Key="bad.tar.gz", Body=whole[: len(whole) // 2] if body == "cut" else body)
    why = hosting.failed(uri="s3://bucket/bad.tar.gz")
    assert "Failed to extract model data archive" in why
    assert "s3://bucket/bad.tar.gz" in why


def test_a_container_without_an_archive(hosting):
    assert "has no ModelDataUrl" in hosting.failed(uri="")


def test_requests_go_to_the_least_busy_instance(hosting):
    fleet = hosting.started(2)
    gate = hosting.gate()
    [slow] = hosting.busy(fleet, gate)
    others = {hosting.send(fleet).stream for _ in range(6)}
    assert slow.is_alive()
    gate.unlink()
    slow.join()
    assert len(others) == 1
    assert slow.result.stream not in others


def test_idle_instances_take_turns(hosting):
    fleet = hosting.started(2)
    streams = [hosting.send(fleet).stream for _ in range(10)]
    assert {streams.count(stream) for stream in streams} == {5}


def test_an_instance_that_dies_is_replaced_and_others_answer_meanwhile(hosting):
    fleet = hosting.started(2, AT_START="wait", GATE=str(hosting.cloud.folder / "closed"))
    first = {process.name for process in hosting.processes()}
    victim = sorted(first)[0]
    gate = hosting.gate()  # no replacement until the test has sent its request
    assert hosting.cloud.faults.kill(victim)
    hosting.until(lambda: fleet.size == 1)
    results = [hosting.send(fleet) for _ in range(20)]
    assert [result.status for result in results] == [200] * 20
    gate.unlink()
    hosting.until(lambda: fleet.size == 2 and len(hosting.processes()) == 2)
    now = {process.name for process in hosting.processes()}
    assert len(now & first) == 1
    assert victim not in now
    assert fleet.counts == {"received": 20, "success": 20, "4xx": 0, "5xx": 0, "lost": 0, "running": 0}


def test_a_request_that_kills_its_instance_is_lost_and_not_tried_on_another(hosting):
    fleet = hosting.started(2)
    hosting.send(fleet)
    result = hosting.send(fleet, "die")
    assert (result.status, result.body, result.lost) == (0, b"the instance ended before it responded", True)
    assert hosting.send(fleet).status == 200
    assert fleet.counts["lost"] == 1
    hosting.until(lambda: fleet.size == 2)
    assert hosting.metric("Invocation5XXErrors") == [0, 1, 0]


def test_without_an_instance_a_request_is_lost_with_a_reason(hosting):
    fleet = hosting.started(1, AT_START="wait", GATE=str(hosting.cloud.folder / "closed"))
    gate = hosting.gate()  # no replacement until the test has sent its request
    hosting.send(fleet, "die")
    hosting.until(lambda: fleet.size == 0)
    result = hosting.send(fleet)
    assert (result.status, result.stream, result.body) == (0, "", b"no instance of the variant is in service")
    assert fleet.counts["lost"] == 2
    gate.unlink()
    hosting.until(lambda: hosting.send(fleet).status == 200)


def test_a_model_that_takes_too_long(hosting):
    fleet = hosting.fleet()
    fleet.response_seconds = 0.2
    done = hosting.done()
    fleet.start(1, done)
    done.wait()
    result = hosting.send(fleet, "sleep 60")
    assert (result.status, result.body) == (0, b"the model took longer than 0.2 s")
    assert 0.2 <= result.seconds < 60
    assert hosting.metric("ModelLatency")[0] >= 200_000


def test_a_failing_handler_counts_as_its_own_kind(hosting):
    fleet = hosting.started()
    results = [hosting.send(fleet, body) for body in ("row", "fail", "refuse", "row")]
    assert [result.status for result in results] == [200, 500, 400, 200]
    assert b"<h1>Internal Server Error</h1>" in results[1].body
    assert fleet.counts == {"received": 4, "success": 2, "4xx": 1, "5xx": 1, "lost": 0, "running": 0}
    assert hosting.metric("Invocations") == [1, 1, 1, 1]
    assert hosting.metric("Invocation4XXErrors") == [0, 0, 1, 0]
    assert hosting.metric("Invocation5XXErrors") == [0, 1, 0, 0]


def test_metrics_have_both_dimensions_their_units_and_the_clocks_time(hosting):
    fleet = hosting.started(2)
    hosting.cloud.clock.advance(3600)
    began = time.perf_counter()
    hosting.send(fleet, "sleep 0.05")
    took = (time.perf_counter() - began) * 1_000_000
    for name in ("Invocations", "Invocation4XXErrors", "Invocation5XXErrors", "ModelLatency", "OverheadLatency"):
        assert hosting.metric(name) == hosting.metric(name, EndpointConfigName="config-1"), name
        assert len(hosting.metric(name)) == 1
    assert hosting.metric("InvocationsPerInstance") == [0.5]
    assert hosting.metric("InvocationsPerInstance", EndpointConfigName="config-1") == []
    [latency], [overhead] = hosting.metric("ModelLatency"), hosting.metric("OverheadLatency")
    assert 50_000 < latency < took
    assert 0 <= overhead < took - latency
    units = {datum.name: datum.unit for datum in hosting.data}
    assert (units["Invocations"], units["ModelLatency"], units["OverheadLatency"]) == ("Count", *["Microseconds"] * 2)
    assert {datum.at for datum in hosting.data} == {hosting.cloud.clock.now()}


def test_shrink_lets_running_requests_finish(hosting):
    fleet = hosting.started(2)
    gate = hosting.gate()
    slow = hosting.busy(fleet, gate, 2)
    fleet.shrink(1)
    assert fleet.size == 1
    gate.unlink()
    for thread in slow:
        thread.join()
    assert [thread.result.status for thread in slow] == [200, 200]
    hosting.until(lambda: len(hosting.processes()) == 1)
    assert hosting.send(fleet).status == 200


def test_shrink_takes_those_that_do_not_answer_yet_first(hosting):
    fleet, done = hosting.started(1), hosting.done()
    fleet.start(1, done)
    fleet.shrink(1)
    assert done.wait() == ""
    assert fleet.size == 1
    hosting.until(lambda: len(hosting.processes()) == 1)
    assert hosting.send(fleet).status == 200


def test_stop_lets_running_requests_finish_and_takes_no_more(hosting):
    from localcloud.services.sagemaker.hosting.invocation import FleetStopped

    fleet = hosting.started(1)
    gate = hosting.gate()
    [slow] = hosting.busy(fleet, gate)
    fleet.stop()
    fleet.stop()
    with pytest.raises(FleetStopped):
        hosting.send(fleet)
    gate.unlink()
    slow.join()
    assert slow.result.status == 200
    hosting.until(lambda: hosting.processes() == [])
    hosting.until(lambda: list((hosting.cloud.folder / "endpoints").iterdir()) == [])
    assert fleet.counts == {"received": 1, "success": 1, "4xx": 0, "5xx": 0, "lost": 0, "running": 0}


def test_a_fleet_stopped_while_it_starts_leaves_nothing_and_calls_nobody_back(hosting):
    fleet, done = hosting.fleet(AT_START="wait", GATE=str(hosting.gate())), hosting.done()
    fleet.start(2, done)
    hosting.until(lambda: hosting.processes())
    fleet.stop()
    hosting.until(lambda: hosting.processes() == [] and not list((hosting.cloud.folder / "endpoints").iterdir()))
    assert (done.calls, fleet.size) == ([], 0)


def test_reset_leaves_no_process_and_a_new_fleet_starts(hosting):
    fleet = hosting.started(2)
    [slow] = hosting.busy(fleet, hosting.gate())
    hosting.cloud.reset()
    assert hosting.processes() == []
    slow.join(20)
    assert slow.result.lost
    again = type(hosting)(hosting.cloud, hosting.client)
    assert again.send(again.started(1)).status == 200


def test_close_leaves_no_process_and_starts_none(hosting):
    fleet = hosting.started(2)
    starting, done = hosting.fleet(AT_START="wait", GATE=str(hosting.gate())), hosting.done()
    starting.start(1, done)
    hosting.until(lambda: len(hosting.processes()) == 3)
    hosting.cloud.close_services()
    assert hosting.processes() == []
    late = hosting.fleet()
    late.start(1, done)
    assert (late.supervisors, done.calls, fleet.size) == ([], [], 0)


def test_a_fleet_that_is_closed_while_it_starts_more_leaves_nothing(hosting, monkeypatch):
    fleet, done, add = hosting.fleet(), hosting.done(), FleetRegistry.add
    ending = threading.Thread(target=fleet.close)

    def close_meanwhile(registry, fleet):
        ending.start()
        ending.join(0.2)
        return add(registry, fleet)

    monkeypatch.setattr(FleetRegistry, "add", close_meanwhile)
    fleet.start(1, done)
    ending.join(20)
    assert not ending.is_alive()
    assert (hosting.processes(), done.calls, [each.alive for each in fleet.supervisors]) == ([], [], [False])


def test_an_instance_that_is_terminated_from_outside_is_replaced_too(hosting):
    fleet = hosting.started(1)
    [process] = hosting.processes()
    os.kill(process.pid, signal.SIGTERM)
    hosting.until(lambda: [each.pid for each in hosting.processes()] not in ([], [process.pid]) and fleet.size == 1)
    assert hosting.send(fleet).status == 200
