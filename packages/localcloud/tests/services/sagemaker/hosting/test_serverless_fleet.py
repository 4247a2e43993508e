"""Serverless variants: cold starts, idle containers that end, throttling, provisioned concurrency."""

import pytest
from botocore.exceptions import ClientError

from localcloud.services.sagemaker.hosting.invocation import Throttled

IDLE = 300


def serverless(hosting, most=5, provisioned=0, **environment):
    """One in service; without provisioned concurrency it has no container any more."""
    config = {"MaxConcurrency": most} | ({"ProvisionedConcurrency": provisioned} if provisioned else {})
    fleet = hosting.started(serverless=config, **environment)
    hosting.until(lambda: len(hosting.processes()) == provisioned)
    return fleet


def waiting(hosting, fleet, gate, count=1):
    """``count`` requests that are with their containers until the gate is opened."""
    threads = [hosting.in_background(hosting.send, fleet, f"wait {gate}") for _ in range(count)]
    hosting.until(lambda: fleet.counts["running"] == count)
    return threads


def opened(gate, threads):
    """Their results."""
    gate.unlink()
    for thread in threads:
        thread.join()
    return [thread.result for thread in threads]


def test_the_first_request_starts_a_container_and_the_next_finds_it_warm(hosting):
    fleet = serverless(hosting, COLOUR="green")
    assert (fleet.size, fleet.warm, hosting.processes()) == (1, 0, [])
    first, second = hosting.send(fleet), hosting.send(fleet)
    assert (first.status, first.body, second.body) == (200, b"green", b"green")
    assert first.stream == second.stream
    assert len(hosting.processes()) == 1
    [setup] = hosting.metric("ModelSetupTime")
    cold, warm = hosting.metric("OverheadLatency")
    assert cold > setup > 10 * warm  # the overhead holds the cold start, and the model's latency does not
    assert max(hosting.metric("ModelLatency")) < setup


def test_an_idle_container_ends_by_the_clouds_clock(hosting):
    fleet = serverless(hosting)
    first = hosting.send(fleet).stream
    hosting.cloud.clock.advance(IDLE - 1)
    assert hosting.send(fleet).stream == first  # which counts as use
    hosting.cloud.clock.advance(IDLE - 1)
    assert len(hosting.processes()) == 1
    hosting.cloud.clock.advance(1)
    hosting.until(lambda: hosting.processes() == [])
    assert hosting.send(fleet).stream != first
    assert len(hosting.metric("ModelSetupTime")) == 2


def test_each_request_at_once_has_a_container_of_its_own(hosting):
    fleet, gate = serverless(hosting), hosting.gate()
    results = opened(gate, waiting(hosting, fleet, gate, 2))
    assert len({result.stream for result in results}) == 2
    assert sorted(hosting.metric("ServerlessConcurrentExecutionsUtilization"))[-1] == pytest.approx(0.4)


def test_more_requests_than_the_concurrency_are_throttled(hosting):
    fleet, gate = serverless(hosting, most=1), hosting.gate()
    hosting.route((fleet, 1))
    threads = waiting(hosting, fleet, gate)
    with pytest.raises(ClientError) as caught:
        hosting.invoke()
    error = caught.value.response
    assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == ("ThrottlingException", 400)
    assert [result.status for result in opened(gate, threads)] == [200]
    assert hosting.invoke()["Body"].read() == b"blue"
    assert fleet.counts["received"] == len(hosting.metric("Invocations")) == 2
    assert set(hosting.metric("ServerlessConcurrentExecutionsUtilization")) == {1.0}


def test_provisioned_concurrency_is_warm_before_the_first_request_and_stays(hosting):
    fleet = serverless(hosting, provisioned=1)
    before = [process.name for process in hosting.processes()]
    first = hosting.send(fleet)
    hosting.cloud.clock.advance(10 * IDLE)
    second = hosting.send(fleet)
    assert before == [f"churn/{first.stream}"] == [f"churn/{second.stream}"]
    assert hosting.metric("ModelSetupTime") == []
    assert hosting.metric("ServerlessProvisionedConcurrencyInvocations") == [1, 1]
    assert hosting.metric("ServerlessProvisionedConcurrencyUtilization") == [1, 1]
    assert hosting.metric("ServerlessProvisionedConcurrencySpilloverInvocations") == []


def test_what_provisioned_concurrency_cannot_take_spills_over(hosting):
    fleet, gate = serverless(hosting, provisioned=1), hosting.gate()
    threads = waiting(hosting, fleet, gate)
    hosting.until(lambda: hosting.metric("ServerlessProvisionedConcurrencyInvocations"))
    spilled = hosting.send(fleet)
    [kept] = opened(gate, threads)
    assert spilled.stream != kept.stream
    assert hosting.metric("ServerlessProvisionedConcurrencySpilloverInvocations") == [1]
    assert len(hosting.metric("ModelSetupTime")) == 1
    hosting.cloud.clock.advance(IDLE)
    hosting.until(lambda: [each.name for each in hosting.processes()] == [f"churn/{kept.stream}"])


def test_provisioned_concurrency_grows_and_shrinks(hosting):
    fleet = serverless(hosting, provisioned=1)
    for count in (3, 2):
        done = hosting.done()
        fleet.resize({"ProvisionedConcurrency": count}, done)
        assert done.wait() == ""
        hosting.until(lambda count=count: len(hosting.processes()) == count)
    done = hosting.done()
    fleet.resize({"MaxConcurrency": 2}, done)
    assert (done.wait(), fleet.provisioned, fleet.max_concurrency) == ("", 2, 2)
    gate = hosting.gate()
    threads = waiting(hosting, fleet, gate, 2)
    with pytest.raises(Throttled):
        hosting.send(fleet)
    assert {result.status for result in opened(gate, threads)} == {200}


def test_more_of_it_that_cannot_start_changes_nothing(hosting):
    fleet = serverless(hosting, provisioned=1)
    fleet.startup_seconds, done = 0.0, hosting.done()
    fleet.resize({"ProvisionedConcurrency": 2}, done)
    assert "did not pass the ping health check" in done.wait()
    assert fleet.provisioned == 1
    hosting.until(lambda: len(fleet.supervisors) == 1)
    assert hosting.send(fleet).status == 200


def test_a_model_that_cannot_start_never_comes_into_service(hosting):
    assert "ValueError: no model.json" in hosting.failed(serverless={"MaxConcurrency": 1}, AT_START="crash")
    hosting.until(lambda: hosting.processes() == [])


def test_a_cold_start_that_fails_is_a_model_error(hosting):
    fleet = serverless(hosting)
    hosting.route((fleet, 1))
    fleet.startup_seconds = 0.0
    with pytest.raises(ClientError, match="did not pass the ping health check") as caught:
        hosting.invoke()
    assert caught.value.response["Error"]["Code"] == "ModelError"
    assert (hosting.metric("Invocation5XXErrors"), hosting.processes()) == ([1], [])


def test_a_container_that_died_is_replaced(hosting):
    fleet = serverless(hosting)
    assert hosting.send(fleet, "die").lost
    assert hosting.send(fleet).status == 200
    [container] = hosting.processes()
    assert len(hosting.metric("ModelSetupTime")) == 2
    fleet._pool._idle[0][0].kill()  # while it is idle
    hosting.until(lambda: container not in hosting.processes())
    assert (hosting.send(fleet).status, len(hosting.processes())) == (200, 1)


def test_a_serverless_endpoint_takes_four_megabytes(hosting):
    hosting.route((serverless(hosting), 1))
    with pytest.raises(ClientError, match="a serverless endpoint takes 4194304") as caught:
        hosting.invoke("x" * (4 * 1024 * 1024 + 1))
    assert caught.value.response["Error"]["Code"] == "ValidationError"


def test_it_publishes_no_metric_of_instances(hosting):
    hosting.send(serverless(hosting))
    assert (hosting.metric("Invocations"), hosting.metric("InvocationsPerInstance")) == ([1], [])


@pytest.mark.parametrize("how", ["stop", "abandon", "close"])
def test_no_container_is_left(hosting, how):
    fleet = serverless(hosting, provisioned=1)
    gate = hosting.gate()
    threads = waiting(hosting, fleet, gate, 2)
    results = opened(gate, threads)
    assert {result.status for result in results} == {200}
    assert len(hosting.processes()) == 2
    getattr(fleet, how)()
    hosting.until(lambda: hosting.processes() == [])
