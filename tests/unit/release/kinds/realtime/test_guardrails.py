"""The guarded rollout: SageMaker's DeploymentConfig by strategy, and --now."""

import pytest

from release.plan.plan import plan

SCALED = "[serving]\nautoscaling_max_instances = 6\n"
AT_ONCE = '[rollout]\nstrategy = "all_at_once"\n'
LINEAR = '[rollout]\nstrategy = "linear"\nlinear_step_percent = 20\n'
ROLLING = '[rollout]\nstrategy = "rolling"\nrolling_batch_percent = 50\n'


def request_of(done, operation):
    [request] = [call.request for call in (*done.calls, *done.after) if call.operation == operation]
    return request


STRATEGIES = {
    "": {
        "Type": "CANARY",
        "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 10},
        "WaitIntervalInSeconds": 600,
    },
    '[rollout]\nstrategy = "linear"\nlinear_step_percent = 20\nwait_seconds = 200\n': {
        "Type": "LINEAR",
        "LinearStepSize": {"Type": "CAPACITY_PERCENT", "Value": 20},
        "WaitIntervalInSeconds": 200,
    },
    AT_ONCE: {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0},
}


@pytest.mark.parametrize("overlay", STRATEGIES)
def test_blue_green_strategies(settings_of, live, overlay):
    settings = settings_of(overlay)
    done = plan(settings, live(settings))
    config = request_of(done, "update_endpoint")["DeploymentConfig"]
    assert config["BlueGreenUpdatePolicy"] == {
        "TrafficRoutingConfiguration": STRATEGIES[overlay],
        "TerminationWaitInSeconds": 600,
        "MaximumExecutionTimeoutInSeconds": 7200,
    }
    assert [alarm["AlarmName"] for alarm in config["AutoRollbackConfiguration"]["Alarms"]] == list(done.alarm_names)
    assert len(done.alarm_names) == 6


def test_rolling_is_never_blue_green(settings_of, live):
    settings = settings_of(
        '[rollout]\nstrategy = "rolling"\nrolling_batch_percent = 30\nrolling_rollback_percent = 60\n'
    )
    config = request_of(plan(settings, live(settings)), "update_endpoint")["DeploymentConfig"]
    assert config.keys() == {"RollingUpdatePolicy", "AutoRollbackConfiguration"}
    assert config["RollingUpdatePolicy"] == {
        "MaximumBatchSize": {"Type": "CAPACITY_PERCENT", "Value": 30},
        "RollbackMaximumBatchSize": {"Type": "CAPACITY_PERCENT", "Value": 60},
        "WaitIntervalInSeconds": 600,
        "MaximumExecutionTimeoutInSeconds": 7200,
    }


def test_without_any_other_alarm_those_of_the_judgement_take_it_back(settings_of, live):
    settings = settings_of(AT_ONCE + "[alarms]\nerror_rate = 0\nerror_4xx_rate = 0\nlatency_ms = 0\n")
    done = plan(settings, live(settings))
    assert done.alarm_names == (f"{done.config_name}-judgement", f"{done.config_name}-unjudged")
    listed = request_of(done, "update_endpoint")["DeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"]
    assert [alarm["AlarmName"] for alarm in listed] == list(done.alarm_names)
    assert "any of 2 alarms takes it back" in done.render()


def test_sagemaker_watches_ten_alarms_at_most(settings_of, live):
    settings = settings_of('[alarms]\nextra = ["a", "b", "c", "d"]\n')
    assert len(plan(settings, live(settings)).alarm_names) == 10


@pytest.mark.parametrize("overlay", ["", ROLLING])
def test_now_is_all_at_once_and_ignores_the_errors_of_the_old_fleet(settings_of, live, overlay):
    settings = settings_of(overlay + '[alarms]\nextra = ["orders-low"]\n')
    done = plan(settings, live(settings), all_at_once=True)
    config = request_of(done, "update_endpoint")["DeploymentConfig"]
    assert config["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]["Type"] == "ALL_AT_ONCE"
    assert done.alarm_names == tuple(f"{done.config_name}-{what}" for what in ("5xx", "latency", "4xx", "judgement"))
    assert "orders-low" in plan(settings, live(settings)).alarm_names
    assert "--now" in done.render()


def test_now_leaves_time_for_the_last_wait(settings_of, live):
    settings = settings_of(
        '[rollout]\nstrategy = "rolling"\nrolling_batch_percent = 50\nwait_seconds = 120\n'
        "termination_wait_seconds = 3600\ntimeout_seconds = 600\n"
    )
    policy = request_of(plan(settings, live(settings), all_at_once=True), "update_endpoint")["DeploymentConfig"]
    policy = policy["BlueGreenUpdatePolicy"]
    assert policy["MaximumExecutionTimeoutInSeconds"] > policy["TerminationWaitInSeconds"] == 3600


@pytest.mark.parametrize("overlay", ["", LINEAR, ROLLING, AT_ONCE])
def test_the_traffic_shift_has_all_waits(settings_of, empty, overlay):
    settings = settings_of(overlay)
    shift = plan(settings, empty).traffic_shift
    assert shift.steps * shift.wait_seconds + shift.termination_wait_seconds == settings.rollout.total_wait_seconds


def test_under_autoscaling_the_live_count_stays_and_the_new_capture_counts(settings_of, live):
    settings = settings_of(SCALED)
    request = request_of(plan(settings, live(settings)), "update_endpoint")
    assert request["RetainAllVariantProperties"] is True
    excluded = [each["VariantPropertyType"] for each in request["ExcludeRetainedVariantProperties"]]
    assert excluded == ["DesiredWeight", "DataCaptureConfig"]
