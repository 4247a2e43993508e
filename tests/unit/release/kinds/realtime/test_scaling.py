"""Autoscaling: registered once, corrected where it differs, and nothing of anybody else is touched."""

from dataclasses import replace
from datetime import UTC, datetime

from release.plan.plan import plan

SCALED = "[serving]\nautoscaling_max_instances = 6\n"
MORNING = (
    '[[serving.autoscaling_schedules]]\nname = "morning"\nexpression = "cron(0 7 ? * MON-FRI *)"\n'
    'min_instances = 4\nmax_instances = 8\ntimezone = "Europe/Amsterdam"\n'
)
ONCE = (
    '[[serving.autoscaling_schedules]]\nname = "sale"\nexpression = "at(2026-11-27T06:00:00)"\n'
    'min_instances = 5\nmax_instances = 9\ntimezone = "UTC"\n'
)


def after(settings, state, **options):
    """Without the alarms and the dashboard, which come last."""
    calls = plan(settings, state, **options).after
    return tuple(call for call in calls if call.service == "application-autoscaling")


def operations(calls):
    return [call.operation for call in calls]


def test_a_variant_is_registered_with_its_policy_and_schedules(settings_of, empty):
    register, policy, schedule = after(settings_of(SCALED + MORNING), empty)
    variant = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/churn-prod/variant/AllTraffic",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    assert register.request == {**variant, "MinCapacity": 2, "MaxCapacity": 6}
    assert policy.request["TargetTrackingScalingPolicyConfiguration"] == {
        "TargetValue": 1000.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
        "ScaleInCooldown": 300,
        "ScaleOutCooldown": 60,
    }
    assert schedule.request == {
        **variant,
        "ScheduledActionName": "churn-prod-morning",
        "Schedule": "cron(0 7 ? * MON-FRI *)",
        "Timezone": "Europe/Amsterdam",
        "ScalableTargetAction": {"MinCapacity": 4, "MaxCapacity": 8},
    }


def test_what_exists_is_kept_through_an_update(settings_of, live):
    settings = settings_of(SCALED + MORNING)
    assert after(settings, live(settings)) == ()


def test_bounds_that_a_schedule_put_in_force_are_not_reset(settings_of, live):
    settings = settings_of(SCALED + MORNING)
    state = live(settings)
    assert after(settings, replace(state, target={**state.target, "MinCapacity": 4, "MaxCapacity": 8})) == ()
    moved = after(settings, replace(state, target={**state.target, "MinCapacity": 1}))
    assert operations(moved) == ["register_scalable_target"]


def test_only_what_differs_is_put_again(settings_of, live):
    state = live(settings_of(SCALED + MORNING))
    changed = settings_of(SCALED + "autoscaling_target_per_instance = 500\n" + MORNING.replace("0 7", "0 6"))
    assert operations(after(changed, state)) == ["put_scaling_policy", "put_scheduled_action"]


def test_a_schedule_that_left_the_settings_is_deleted_and_no_other(settings_of, live):
    state = live(settings_of(SCALED + MORNING))
    other = {"ScheduledActionName": "somebody-s", "Schedule": "cron(0 1 ? * * *)"}
    [call] = after(settings_of(SCALED), replace(state, schedules=(*state.schedules, other)))
    assert (call.operation, call.request["ScheduledActionName"]) == ("delete_scheduled_action", "churn-prod-morning")


def test_a_time_in_the_past_is_not_scheduled_again(settings_of, live):
    settings = settings_of(SCALED + ONCE)
    state = replace(live(settings), schedules=())  # AWS deletes an action that has run
    before, later = datetime(2026, 11, 27, 5, tzinfo=UTC), datetime(2026, 11, 27, 7, tzinfo=UTC)
    assert operations(after(settings, replace(state, now=before))) == ["put_scheduled_action"]
    assert after(settings, replace(state, now=later)) == ()
    amsterdam = settings_of(SCALED + ONCE.replace("UTC", "Europe/Amsterdam"))
    assert after(amsterdam, replace(state, now=datetime(2026, 11, 27, 5, 30, tzinfo=UTC))) == ()


def test_settings_without_autoscaling_take_it_off_after_the_rollout(settings_of, live):
    state = live(settings_of(SCALED))
    settings = settings_of()
    assert operations(after(settings, state)) == ["deregister_scalable_target"]
    assert after(settings, live(settings)) == ()


def test_replace_brings_back_everything(settings_of, live):
    state = live(settings_of(SCALED + MORNING))
    settings = settings_of(SCALED + 'instance_type = "ml.c5.xlarge"\n' + MORNING)
    expected = ["register_scalable_target", "put_scaling_policy", "put_scheduled_action"]
    assert operations(after(settings, state, replace=True)) == expected
