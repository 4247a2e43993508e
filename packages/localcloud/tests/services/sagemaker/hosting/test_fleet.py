import os
import signal
import threading
import time

import pytest

from localcloud.services.sagemaker.hosting.fleet_registry import FleetRegistry

PING = "The primary container for production variant AllTraffic did not pass the ping health check."


def test_instances_answer_once_done_is_called(world):
    fleet = world.started(2, COLOUR="green")
    answer = world.send(fleet)
    assert (fleet.size, answer.status, answer.body, answer.content_type) == (2, 200, b"green", "text/csv")
    assert len(world.processes()) == 2


def test_done_is_called_once_under_the_lock_and_for_all(world):
    held = []
    done = world.done()
    fleet = world.fleet()
    fleet.start(3, lambda failure: (held.append(world.cloud.lock._is_owned()), held.append(fleet.size), done(failure)))
    assert done.wait() == ""
    assert held == [True, 3]
    time.sleep(0.05)
    assert done.calls == [""]


def test_the_archive_is_fetched_once_for_all_instances(world):
    fetched = []
    world.cloud.faults.next_call = lambda operation, *_: fetched.append(operation) and None
    fleet = world.started(2)
    done = world.done()
    fleet.start(1, done)
    assert done.wait() == ""
    assert sum("GET /bucket/model.tar.gz" in operation for operation in fetched) == 1


def test_an_instance_has_a_log_a_name_and_the_variables_of_its_container(world):
    fleet = world.started(COLOUR="green", SM_MODEL_DIR="/opt/ml/model", AWS_ENDPOINT_URL="https://elsewhere.example")
    answer = world.send(fleet)
    assert answer.stream.startswith("AllTraffic/i-")
    assert (answer.stream, "model in /opt/ml/model, green") in world.log()
    assert [process.name for process in world.processes()] == [f"churn/{answer.stream}"]
    variables = {
        name: world.send(fleet, f"environment {name}").body.decode()
        for name in ("AWS_ENDPOINT_URL", "MAX_PAYLOAD_BYTES", "OMP_NUM_THREADS", "SAGEMAKER_REGION", "SM_MODEL_DIR")
    }
    model = variables.pop("SM_MODEL_DIR")
    assert model.startswith(str(world.cloud.folder))
    assert model.endswith("/model")
    assert variables == {
        "AWS_ENDPOINT_URL": world.cloud.url,
        "MAX_PAYLOAD_BYTES": "6291456",
        "OMP_NUM_THREADS": "1",
        "SAGEMAKER_REGION": "eu-west-1",
    }


def test_a_model_that_crashes_at_start_is_reported_with_its_last_line(world):
    why = world.failed(AT_START="crash")
    assert why.startswith(PING)
    assert "ValueError: no model.json" in why
    assert world.processes() == []


def test_a_model_that_does_not_answer_in_time(world):
    fleet, done = world.fleet(AT_START="hang"), world.done()
    fleet.startup_seconds = 0.5
    fleet.start(1, done)
    assert (
        done.wait() == f"{PING} Please check CloudWatch logs for this endpoint. (no answer to GET /ping within 0.5 s)"
    )
    world.until(lambda: world.processes() == [])
    assert fleet.size == 0


def test_one_instance_of_two_that_fails_is_reported_once(world):
    fleet, done = world.fleet(AT_START="crash"), world.done()
    fleet.start(2, done)
    assert PING in done.wait()
    world.until(lambda: not any(each.alive for each in fleet.supervisors))
    assert len(done.calls) == 1


@pytest.mark.parametrize("key", ["missing.tar.gz", "nowhere/model.tar.gz"])
def test_an_archive_that_is_not_there(world, key):
    uri = f"s3://bucket/{key}" if "nowhere" not in key else f"s3://{key}"
    why = world.failed(uri=uri)
    assert why.startswith(f'Failed to download model data for container "container_1" from URL: "{uri}".')


@pytest.mark.parametrize("body", [b"this is no archive", "cut"])
def test_an_archive_that_is_corrupt(world, body):
    whole = world.s3.get_object(Bucket="bucket", Key="model.tar.gz")["Body"].read()
    world.s3.put_object(Bucket="bucket", Key="bad.tar.gz", Body=whole[: len(whole) // 2] if body == "cut" else body)
    why = world.failed(uri="s3://bucket/bad.tar.gz")
    assert "Failed to extract model data archive" in why
    assert "s3://bucket/bad.tar.gz" in why


def test_a_container_without_an_archive(world):
    assert "has no ModelDataUrl" in world.failed(uri="")


def test_requests_go_to_the_least_busy_instance(world):
    fleet = world.started(2)
    gate = world.gate()
    [slow] = world.busy(fleet, gate)
    others = {world.send(fleet).stream for _ in range(6)}
    assert slow.is_alive()
    gate.unlink()
    slow.join()
    assert len(others) == 1
    assert slow.result.stream not in others


def test_idle_instances_take_turns(world):
    fleet = world.started(2)
    streams = [world.send(fleet).stream for _ in range(10)]
    assert {streams.count(stream) for stream in streams} == {5}


def test_an_instance_that_dies_is_replaced_and_others_answer_meanwhile(world):
    fleet = world.started(2, AT_START="wait", GATE=str(world.cloud.folder / "closed"))
    first = {process.name for process in world.processes()}
    victim = sorted(first)[0]
    gate = world.gate()  # no replacement until the test has asked
    assert world.cloud.faults.kill(victim)
    world.until(lambda: fleet.size == 1)
    answers = [world.send(fleet) for _ in range(20)]
    assert [answer.status for answer in answers] == [200] * 20
    gate.unlink()
    world.until(lambda: fleet.size == 2 and len(world.processes()) == 2)
    now = {process.name for process in world.processes()}
    assert len(now & first) == 1
    assert victim not in now
    assert fleet.counts == {"received": 20, "success": 20, "4xx": 0, "5xx": 0, "lost": 0, "running": 0}


def test_a_request_that_kills_its_instance_is_lost_and_not_tried_on_another(world):
    fleet = world.started(2)
    world.send(fleet)
    answer = world.send(fleet, "die")
    assert (answer.status, answer.body, answer.lost) == (0, b"the instance ended before it responded", True)
    assert world.send(fleet).status == 200
    assert fleet.counts["lost"] == 1
    world.until(lambda: fleet.size == 2)
    assert world.metric("Invocation5XXErrors") == [0, 1, 0]


def test_without_an_instance_a_request_is_lost_and_says_so(world):
    fleet = world.started(1, AT_START="wait", GATE=str(world.cloud.folder / "closed"))
    gate = world.gate()  # no replacement until the test has asked
    world.send(fleet, "die")
    world.until(lambda: fleet.size == 0)
    answer = world.send(fleet)
    assert (answer.status, answer.stream, answer.body) == (0, "", b"no instance of the variant is in service")
    assert fleet.counts["lost"] == 2
    gate.unlink()
    world.until(lambda: world.send(fleet).status == 200)


def test_a_model_that_takes_too_long(world):
    fleet = world.fleet()
    fleet.response_seconds = 0.2
    done = world.done()
    fleet.start(1, done)
    done.wait()
    answer = world.send(fleet, "sleep 60")
    assert (answer.status, answer.body) == (0, b"the model took longer than 0.2 s")
    assert 0.2 <= answer.seconds < 60
    assert world.metric("ModelLatency")[0] >= 200_000


def test_a_failing_handler_counts_as_its_own_kind(world):
    fleet = world.started()
    answers = [world.send(fleet, body) for body in ("row", "fail", "refuse", "row")]
    assert [answer.status for answer in answers] == [200, 500, 400, 200]
    assert b"broken tree" in answers[1].body
    assert fleet.counts == {"received": 4, "success": 2, "4xx": 1, "5xx": 1, "lost": 0, "running": 0}
    assert world.metric("Invocations") == [1, 1, 1, 1]
    assert world.metric("Invocation4XXErrors") == [0, 0, 1, 0]
    assert world.metric("Invocation5XXErrors") == [0, 1, 0, 0]


def test_metrics_have_both_dimensions_their_units_and_the_clocks_time(world):
    fleet = world.started(2)
    world.cloud.clock.advance(3600)
    began = time.perf_counter()
    world.send(fleet, "sleep 0.05")
    took = (time.perf_counter() - began) * 1_000_000
    for name in ("Invocations", "Invocation4XXErrors", "Invocation5XXErrors", "ModelLatency", "OverheadLatency"):
        assert world.metric(name) == world.metric(name, EndpointConfigName="config-1"), name
        assert len(world.metric(name)) == 1
    assert world.metric("InvocationsPerInstance") == [0.5]
    assert world.metric("InvocationsPerInstance", EndpointConfigName="config-1") == []
    [latency], [overhead] = world.metric("ModelLatency"), world.metric("OverheadLatency")
    assert 50_000 < latency < took
    assert 0 <= overhead < took - latency
    units = {datum.name: datum.unit for datum in world.data}
    assert (units["Invocations"], units["ModelLatency"], units["OverheadLatency"]) == ("Count", *["Microseconds"] * 2)
    assert {datum.at for datum in world.data} == {world.cloud.clock.now()}


def test_shrink_lets_running_requests_finish(world):
    fleet = world.started(2)
    gate = world.gate()
    slow = world.busy(fleet, gate, 2)
    fleet.shrink(1)
    assert fleet.size == 1
    gate.unlink()
    for thread in slow:
        thread.join()
    assert [thread.result.status for thread in slow] == [200, 200]
    world.until(lambda: len(world.processes()) == 1)
    assert world.send(fleet).status == 200


def test_shrink_takes_those_that_do_not_answer_yet_first(world):
    fleet, done = world.started(1), world.done()
    fleet.start(1, done)
    fleet.shrink(1)
    assert done.wait() == ""
    assert fleet.size == 1
    world.until(lambda: len(world.processes()) == 1)
    assert world.send(fleet).status == 200


def test_stop_lets_running_requests_finish_and_takes_no_more(world):
    from localcloud.services.sagemaker.hosting.invocation import FleetStopped

    fleet = world.started(1)
    gate = world.gate()
    [slow] = world.busy(fleet, gate)
    fleet.stop()
    fleet.stop()
    with pytest.raises(FleetStopped):
        world.send(fleet)
    gate.unlink()
    slow.join()
    assert slow.result.status == 200
    world.until(lambda: world.processes() == [])
    world.until(lambda: list((world.cloud.folder / "endpoints").iterdir()) == [])
    assert fleet.counts == {"received": 1, "success": 1, "4xx": 0, "5xx": 0, "lost": 0, "running": 0}


def test_a_fleet_stopped_while_it_starts_leaves_nothing_and_calls_nobody_back(world):
    fleet, done = world.fleet(AT_START="wait", GATE=str(world.gate())), world.done()
    fleet.start(2, done)
    world.until(lambda: world.processes())
    fleet.stop()
    world.until(lambda: world.processes() == [] and not list((world.cloud.folder / "endpoints").iterdir()))
    assert (done.calls, fleet.size) == ([], 0)


def test_reset_leaves_no_process_and_a_new_fleet_starts(world):
    fleet = world.started(2)
    [slow] = world.busy(fleet, world.gate())
    world.cloud.reset()
    assert world.processes() == []
    slow.join(20)
    assert slow.result.lost
    again = type(world)(world.cloud, world.client)
    assert again.send(again.started(1)).status == 200


def test_close_leaves_no_process_and_starts_none(world):
    fleet = world.started(2)
    starting, done = world.fleet(AT_START="wait", GATE=str(world.gate())), world.done()
    starting.start(1, done)
    world.until(lambda: len(world.processes()) == 3)
    world.cloud.close_services()
    assert world.processes() == []
    late = world.fleet()
    late.start(1, done)
    assert (late.supervisors, done.calls, fleet.size) == ([], [], 0)


def test_a_fleet_that_is_closed_while_it_starts_more_leaves_nothing(world, monkeypatch):
    fleet, done, add = world.fleet(), world.done(), FleetRegistry.add
    ending = threading.Thread(target=fleet.close)

    def close_meanwhile(registry, fleet):
        ending.start()
        ending.join(0.2)
        return add(registry, fleet)

    monkeypatch.setattr(FleetRegistry, "add", close_meanwhile)
    fleet.start(1, done)
    ending.join(20)
    assert not ending.is_alive()
    assert (world.processes(), done.calls, [each.alive for each in fleet.supervisors]) == ([], [], [False])


def test_an_instance_that_is_terminated_from_outside_is_replaced_too(world):
    fleet = world.started(1)
    [process] = world.processes()
    os.kill(process.pid, signal.SIGTERM)
    world.until(lambda: [each.pid for each in world.processes()] not in ([], [process.pid]) and fleet.size == 1)
    assert world.send(fleet).status == 200
