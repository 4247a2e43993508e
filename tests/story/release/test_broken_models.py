"""Models that must not ship, one after the other against a live one: each ends with the old one live and a reason."""

import re

import pytest

LONG = {"wait_seconds": "1800"}  # nine real seconds, which an alarm cuts short
ALARMS_ALONE = LONG | {"bake_requests_per_second": "0"}  # without known requests nothing is judged before they fire


@pytest.fixture(scope="module")
def stage(long_stage):
    long_stage.configure(rollout=LONG)
    assert long_stage.deploy(long_stage.package()) == 0
    long_stage.first = long_stage.live_package()
    return long_stage


def deploy_bad(stage, package, capsys, wait_until, *words):
    """Deploys while clients use the endpoint: the exit code, the verdict, their counts."""
    cloudwatch = stage.cloud.client("cloudwatch")
    stage.wait_for_metrics()
    wait_until(lambda: not cloudwatch.describe_alarms(StateValue="ALARM")["MetricAlarms"])  # else it is refused
    capsys.readouterr()
    with stage.clients() as counts:
        code = stage.deploy(package, *words)
    assert stage.live_package() == stage.first
    assert stage.live()["EndpointStatus"] == "InService"
    assert stage.good() == [stage.first]
    assert counts["sent"] == counts["answered"] + counts["failed"] + counts["lost"] + counts["refused"]
    assert counts["lost"] == counts["refused"] == 0
    return code, capsys.readouterr().out.splitlines()[-1], counts


def test_one_that_returns_5xx_is_rolled_back_by_an_alarm(stage, capsys, wait_until):
    stage.configure(rollout=ALARMS_ALONE)
    code, verdict, counts = deploy_bad(stage, stage.package("failing"), capsys, wait_until)
    assert code == 3
    assert verdict.startswith("rolled back: alarm churn-local-")
    assert "5xx" in verdict
    assert " % against 1 %; " in verdict
    assert 0 < counts["failed"] <= 0.75 * counts["sent"]  # the canary's share is a half
    record = stage.verdicts()[-1]
    assert record["observed"]["alarm_events"][0]["values"]


def test_one_that_is_slow_is_rolled_back_by_its_latency(stage, capsys, wait_until):
    stage.configure(rollout=ALARMS_ALONE, alarms={"latency_ms": "300"})
    code, verdict, counts = deploy_bad(stage, stage.package("slow"), capsys, wait_until)
    assert code == 3
    assert float(re.search(r"-latency fired: ([\d.]+)", verdict)[1]) >= 400
    assert counts["failed"] == 0
    stage.configure(rollout=LONG)


def test_one_that_crashes_at_its_start_gets_no_request(stage, capsys, wait_until):
    code, verdict, counts = deploy_bad(stage, stage.package("crashing"), capsys, wait_until)
    assert code == 3
    assert "rolled back: " in verdict
    assert counts["failed"] == 0


def test_one_whose_archive_is_corrupt_gets_no_request(stage, capsys, wait_until):
    code, verdict, counts = deploy_bad(stage, stage.package(archive=b"no archive"), capsys, wait_until)
    assert code == 3
    assert "rolled back: Failed to extract model data archive" in verdict
    assert counts["failed"] == 0


def test_the_schedules_of_autoscaling_come_and_go_with_the_settings(stage):
    night = (
        '{name = "night", expression = "cron(0 22 * * ? *)", timezone = "UTC", min_instances = 2, max_instances = 2}'
    )
    autoscaling = {"autoscaling_max_instances": "3"}
    scaling = stage.cloud.client("application-autoscaling")
    for schedules, names in ((f"[{night}]", ["churn-local-night"]), ("[]", [])):
        stage.configure(serving=autoscaling | {"autoscaling_schedules": schedules})
        assert stage.deploy(stage.first) == 0
        actions = scaling.describe_scheduled_actions(ServiceNamespace="sagemaker")["ScheduledActions"]
        assert [action["ScheduledActionName"] for action in actions] == names


def scaling_counts(stage):
    scaling = stage.cloud.client("application-autoscaling")
    targets = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    return len(targets), len(scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"])


def test_autoscaling_that_was_taken_off_for_another_instance_type_is_back_after_it_failed(stage, capsys, wait_until):
    autoscaling = {"autoscaling_max_instances": "3"}
    stage.configure(serving=autoscaling)
    assert stage.deploy(stage.first) == 0  # unchanged, but scaled now
    stage.configure(serving=autoscaling | {"instance_type": '"ml.m5.xlarge"'})
    code, verdict, _ = deploy_bad(stage, stage.package("crashing"), capsys, wait_until, "--replace")
    assert (code, verdict[:11], scaling_counts(stage)) == (3, "rolled back", (1, 1))
    stage.cloud.faults.fail("sagemaker.UpdateEndpoint", code="ResourceLimitExceeded", status=400, message="no more")
    assert stage.deploy(stage.package(), "--replace") == 1
    assert "UpdateEndpoint: no more" in capsys.readouterr().err
    assert scaling_counts(stage) == (1, 1)
