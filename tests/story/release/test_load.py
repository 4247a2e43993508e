"""2,000 requests a minute, and more, while a canary ships, one rolls back and one is aborted: none is lost."""

import re
import threading
from datetime import timedelta

import pytest

pytestmark = pytest.mark.proof

PER_MINUTE = 2000
BAKE = r"known requests: (\d+) sent: \d+ answered, (\d+) failed, 0 lost"
LONGER = {"wait_seconds": "300"}  # a second and a half in real time
LONGEST = {"wait_seconds": "1800"}  # which an alarm cuts short
TWICE = {"datapoints": "2", "evaluation_periods": "2"}  # the alarm fires when clients have used the bad fleet as well


def total(stage, metric):
    """Of all fleets, by CloudWatch."""
    dimensions = [{"Name": "EndpointName", "Value": "churn-local"}, {"Name": "VariantName", "Value": "AllTraffic"}]
    now = stage.cloud.clock.now()
    response = stage.cloud.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SageMaker",
        MetricName=metric,
        Dimensions=dimensions,
        StartTime=now - timedelta(days=1),
        EndTime=now + timedelta(minutes=1),
        Period=86400,
        Statistics=["Sum"],
    )
    return sum(point["Sum"] for point in response["Datapoints"])


def abort_while_it_bakes(stage, wait_until):
    codes = []
    package = stage.package()
    run = threading.Thread(target=lambda: codes.append(stage.deploy(package)))
    run.start()
    wait_until(lambda: stage.live()["EndpointStatus"] == "Updating")
    codes.append(stage.command("--abort", "to see what is lost"))
    run.join()
    return codes


def test_no_request_is_lost_while_a_canary_ships_one_rolls_back_and_one_is_aborted(stage, capsys, wait_until):
    stage.configure(rollout=LONGER, alarms=TWICE)
    assert stage.deploy(stage.package()) == 0
    good = stage.package()
    with stage.clients(per_second=2 * PER_MINUTE / 60, threads=16) as shipping:
        assert stage.deploy(good) == 0
    stage.configure(rollout=LONGEST, alarms=TWICE)
    with stage.clients(per_second=2 * PER_MINUTE / 60, threads=16) as rolling_back:
        assert stage.deploy(stage.package("failing")) == 3
    with stage.clients(per_second=2 * PER_MINUTE / 60, threads=16) as aborting:
        assert abort_while_it_bakes(stage, wait_until) == [0, 3]
    assert aborting["answered"] == aborting["sent"] > 10
    assert shipping["answered"] == shipping["sent"] > 50
    assert rolling_back["sent"] == rolling_back["answered"] + rolling_back["failed"] > 10
    assert 0 < rolling_back["failed"] <= 0.75 * rolling_back["sent"]  # the canary's share is a half
    assert stage.live_package() == good
    bake = [[int(count) for count in counts] for counts in re.findall(BAKE, capsys.readouterr().out)]
    stage.wait_for_metrics()
    assert total(stage, "Invocations") == sum(clients["sent"] for clients in (shipping, rolling_back, aborting)) + sum(
        sent for sent, _ in bake
    )
    assert total(stage, "Invocation5XXErrors") == rolling_back["failed"] + sum(failed for _, failed in bake)
