"""Serverless endpoints: valid requests, what takes a release back, and what cannot become of a real-time endpoint."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from localcloud.testing import request_problems
from release.context import Context
from release.judge import compares
from release.operations import WRITES
from release.plan import preflight
from release.plan.plan import plan
from release.state.deployment import Deployment
from release.watch.known_traffic import live_judgement

SERVERLESS = (
    '[serving]\nkind = "serverless"\nmax_payload_bytes = 4194304\ndata_capture_percent = 0\n'
    'serverless_memory_mb = 4096\ninstance_type = "ml.g5.xlarge"\n'
    '[rollout]\nstrategy = "all_at_once"\n'
)
PROVISIONED = SERVERLESS.replace("[rollout]", "serverless_provisioned_concurrency = 2\n[rollout]")
SCALED = PROVISIONED.replace("[rollout]", "serverless_provisioned_max = 8\n[rollout]")
MORNING = (
    '[[serving.autoscaling_schedules]]\nname = "morning"\nexpression = "cron(30 7 ? * MON-FRI *)"\n'
    'min_instances = 6\nmax_instances = 10\ntimezone = "Europe/Amsterdam"\n'
)
KEY = '[network]\nkms_key_id = "0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"\n'


REQUESTS = ("churn-prod-5xx-rate", "churn-prod-4xx-rate", "churn-prod-latency")
TARGET = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/churn-prod/variant/AllTraffic",
    "ScalableDimension": "sagemaker:variant:DesiredProvisionedConcurrency",
}


def request_of(done, operation):
    [request] = [call.request for call in (*done.calls, *done.after) if call.operation == operation]
    return request


def api_name(operation):
    return "".join(word.capitalize() for word in operation.split("_"))


@pytest.mark.parametrize("overlay", [SERVERLESS, PROVISIONED, SCALED, SCALED + MORNING])
@pytest.mark.parametrize("now", [False, True])
def test_aws_accepts_every_request(settings_of, empty, live, now, overlay):
    settings = settings_of(overlay)
    for state in (empty, live(settings), live(settings, target=None)):
        done = plan(settings, state, all_at_once=now, replace=True)
        for call in (*done.calls, *done.after):
            assert request_problems(call.service, api_name(call.operation), call.request) == []
            assert (call.service, call.operation) in WRITES
            assert call.sentence


def test_it_has_no_guardrails_and_the_plan_says_so(settings_of, live):
    settings = settings_of(SERVERLESS)
    done = plan(settings, live(settings))
    assert request_of(done, "update_endpoint").keys() == {"EndpointName", "EndpointConfigName"}
    assert request_of(done, "create_endpoint_config")["ProductionVariants"][0]["ServerlessConfig"] == {
        "MemorySizeInMB": 4096,
        "MaxConcurrency": 10,
    }
    assert done.alarm_names == REQUESTS
    assert [call.request["AlarmName"] for call in done.calls if call.operation == "put_metric_alarm"] == []  # they stay
    assert "SageMaker has no guardrails for a serverless endpoint" in done.render()


def test_alarms_are_there_before_the_update_and_all_requests_count(settings_of, live):
    """After it no request is the old model's: the dimension of a config, which nobody has seen there, is not used."""
    settings = settings_of(SERVERLESS)
    done = plan(settings, live(settings, definitions={}))
    operations = [call.operation for call in done.calls]
    assert operations.count("put_metric_alarm") == 3
    assert operations[-1] == "update_endpoint"
    puts = [call.request for call in done.calls if call.operation == "put_metric_alarm"]
    assert "EndpointConfigName" not in str(puts)


def test_now_leaves_the_alarms_to_the_old_model(settings_of, live):
    settings = settings_of(SERVERLESS + '[alarms]\nextra = ["pager"]\n')
    assert plan(settings, live(settings)).alarm_names == (*REQUESTS, "pager")
    done = plan(settings, live(settings), all_at_once=True)
    assert done.alarm_names == ()
    assert "only its answers take it back" in done.render()


def test_provisioned_concurrency_and_its_scaling(settings_of, live, empty):
    settings = settings_of(SCALED)
    done = plan(settings, empty)
    config = request_of(done, "create_endpoint_config")["ProductionVariants"][0]["ServerlessConfig"]
    assert config == {"MemorySizeInMB": 4096, "MaxConcurrency": 10, "ProvisionedConcurrency": 2}
    target, policy = scaling(done)
    assert target.request == {**TARGET, "MinCapacity": 2, "MaxCapacity": 8}
    assert policy.request == {
        **TARGET,
        "PolicyName": "churn-prod-provisioned",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": 0.7,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "SageMakerVariantProvisionedConcurrencyUtilization"
            },
            "ScaleInCooldown": 300,
            "ScaleOutCooldown": 60,
        },
    }
    assert scaling(plan(settings, live(settings))) == []
    narrower = settings_of(SCALED.replace("max = 8", "max = 6"))
    [call] = scaling(plan(narrower, live(settings)))
    assert (call.operation, call.request["MaxCapacity"]) == ("register_scalable_target", 6)
    [call] = scaling(plan(settings_of(PROVISIONED), live(settings)))
    assert call.operation == "deregister_scalable_target"
    assert call.request == TARGET


def test_instances_and_serverless_cannot_replace_each_other(settings_of, live):
    def refusals(overlay, state):
        settings = settings_of(overlay)
        return list(preflight.problems(settings, state, plan(settings, state)))

    [line] = refusals("", live(settings_of(SERVERLESS)))
    assert 'is serverless and serving.kind = "realtime"' in line
    [line] = refusals(SERVERLESS, live(settings_of()))
    assert 'is on instances and serving.kind = "serverless"' in line


@pytest.mark.parametrize(("overlay", "possible"), [(SERVERLESS, False), ("", True)])
def test_nothing_is_compared_so_no_bake_traffic_is_sent(settings_of, empty, s3, overlay, possible):
    s3.objects["sample.csv"] = b"age\n3\n"
    metadata = {"sample_requests": "s3://bucket/sample.csv"}
    state = replace(empty, package={**empty.package, "CustomerMetadataProperties": metadata})
    clients = {"s3": s3, "sagemaker-runtime": None, "sts": SimpleNamespace(get_caller_identity=lambda: {"Arn": "me"})}
    context = Context(settings_of(overlay), clients.__getitem__, print)
    deployment = Deployment("p", "new", "m", "", "", "2026-01-05T09:00:00+00:00", True, ())
    live = live_judgement(context, deployment, state.package, compares(context, deployment))
    assert (live.traffic.possible, live.assessment is not None) == (possible, possible)


def test_the_unused_instance_type_does_not_decide_about_the_key(settings_of, empty):
    done = plan(settings_of(SERVERLESS + KEY), empty)
    assert request_of(done, "create_endpoint_config")["KmsKeyId"] == "0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"


def test_a_schedule_warms_it_before_business_hours(settings_of, live, empty):
    settings = settings_of(SCALED + MORNING)
    [*_, schedule] = scaling(plan(settings, empty))
    assert schedule.request == {
        **TARGET,
        "ScheduledActionName": "churn-prod-morning",
        "Schedule": "cron(30 7 ? * MON-FRI *)",
        "Timezone": "Europe/Amsterdam",
        "ScalableTargetAction": {"MinCapacity": 6, "MaxCapacity": 10},
    }
    assert "6 to 10 of provisioned concurrency" in schedule.sentence
    in_force = {**live(settings).target, "MinCapacity": 6, "MaxCapacity": 10}
    assert scaling(plan(settings, live(settings, target=in_force))) == []


def test_a_scalable_target_that_is_left_over_is_removed(settings_of, empty):
    settings = settings_of(SERVERLESS)
    assert scaling(plan(settings, empty)) == []
    [call] = scaling(plan(settings, replace(empty, target={"MinCapacity": 1})))
    assert call.operation == "deregister_scalable_target"


def scaling(done):
    return [call for call in done.after if call.service == "application-autoscaling"]


def test_it_has_alarms_of_requests_and_none_of_instances(settings_of, empty):
    done = plan(settings_of(SERVERLESS), empty)
    puts = [call.request for call in done.after if call.operation == "put_metric_alarm"]
    assert [put["AlarmName"] for put in puts] == ["churn-prod-memory", "churn-prod-concurrency"]
    assert (puts[1]["MetricName"], puts[1]["Threshold"]) == ("ServerlessConcurrentExecutionsUtilization", 0.9)
    [board] = [call.request["DashboardBody"] for call in done.after if call.operation == "put_dashboard"]
    assert "DiskUtilization" not in board
    assert "ModelSetupTime" in board
