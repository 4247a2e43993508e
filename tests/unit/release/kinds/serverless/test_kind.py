"""Serverless endpoints: valid requests, no guardrails, and what cannot become of a real-time endpoint."""

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
KEY = '[network]\nkms_key_id = "0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"\n'


def request_of(done, operation):
    [request] = [call.request for call in (*done.calls, *done.after) if call.operation == operation]
    return request


def api_name(operation):
    return "".join(word.capitalize() for word in operation.split("_"))


@pytest.mark.parametrize("now", [False, True])
def test_aws_accepts_every_request(settings_of, empty, live, now):
    settings = settings_of(SERVERLESS)
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
    assert done.alarm_names == ()
    assert "a serverless endpoint has no guardrails" in done.render()


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


def test_a_scalable_target_that_is_left_over_is_removed(settings_of, empty):
    settings = settings_of(SERVERLESS)
    assert scaling(plan(settings, empty)) == []
    [call] = scaling(plan(settings, replace(empty, target={"MinCapacity": 1})))
    assert call.operation == "deregister_scalable_target"


def scaling(done):
    return [call for call in done.after if call.service == "application-autoscaling"]


def test_it_has_alarms_of_requests_and_none_of_instances(settings_of, empty):
    done = plan(settings_of(SERVERLESS), empty)
    puts = [call.request["AlarmName"] for call in done.after if call.operation == "put_metric_alarm"]
    assert puts == ["churn-prod-5xx-rate", "churn-prod-4xx-rate", "churn-prod-latency"]
    [board] = [call.request["DashboardBody"] for call in done.after if call.operation == "put_dashboard"]
    assert "MemoryUtilization" not in board
