"""The plan as data: settings and state in, exact requests out."""

from dataclasses import replace

import pytest

from localcloud.testing import request_problems
from release.operations import WRITES
from release.plan.plan import plan
from settings.errors import Problem

SCALED = "[serving]\nautoscaling_max_instances = 6\n"
SCHEDULED = (
    SCALED
    + '[[serving.autoscaling_schedules]]\nname = "morning"\nexpression = "cron(0 7 ? * MON-FRI *)"\n'
    + 'min_instances = 4\nmax_instances = 8\ntimezone = "UTC"\n'
)
WHOLE = (
    '[network]\nsubnets = ["subnet-0a1b2c3d"]\nsecurity_groups = ["sg-0a1b2c3d"]\nisolation = true\n'
    'kms_key_id = "0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"\n'
)
JUDGEMENT = ["put_metric_data", "put_metric_alarm", "put_metric_alarm"]
AT_ONCE = '[rollout]\nstrategy = "all_at_once"\n'
OVERLAYS = {
    "base": "",
    "scaled": SCHEDULED,
    "whole": WHOLE,
    "linear": '[rollout]\nstrategy = "linear"\nlinear_step_percent = 20\n',
    "rolling": '[rollout]\nstrategy = "rolling"\nrolling_batch_percent = 50\n',
    "at once": AT_ONCE,
    "average": '[alarms]\nlatency_statistic = "Average"\n',
    "no capture": "[serving]\ndata_capture_percent = 0\n",
}


def operations(done):
    return [call.operation for call in (*done.calls, *done.after)]


def request_of(done, operation):
    [request] = [call.request for call in (*done.calls, *done.after) if call.operation == operation]
    return request


def api_name(operation):
    return "".join(word.capitalize() for word in operation.split("_"))


@pytest.mark.parametrize("now", [False, True])
@pytest.mark.parametrize("overlay", OVERLAYS.values(), ids=OVERLAYS)
def test_aws_accepts_every_request(settings_of, empty, live, overlay, now):
    settings = settings_of(overlay)
    for state in (empty, live(settings), live(settings, target=None)):
        done = plan(settings, state, all_at_once=now, replace=True)
        for call in (*done.calls, *done.after):
            assert request_problems(call.service, api_name(call.operation), call.request) == []
            assert (call.service, call.operation) in WRITES
            assert call.sentence


def test_a_first_deployment_creates_everything_and_shifts_nothing(settings_of, empty):
    done = plan(settings_of(SCALED), empty)
    assert (done.change, done.shifts) == ("first", False)
    puts = ["put_metric_alarm"] * 4
    assert operations(done)[:8] == [
        "put_object_tagging",
        "create_model",
        "create_endpoint_config",
        *puts,
        "create_endpoint",
    ]
    standing = ["put_metric_alarm"] * 4  # beside that of 5xx responses, which takes releases back too
    scaling = ["register_scalable_target", "put_scaling_policy"]
    assert [call.operation for call in done.after] == [*scaling, *standing, "put_dashboard"]
    assert request_of(done, "create_endpoint")["EndpointConfigName"] == done.config_name
    assert "DeploymentConfig" not in request_of(done, "create_endpoint")


def test_the_version_of_the_archive_that_was_read_is_marked_for_hosting(settings_of, empty):
    request = request_of(plan(settings_of(), empty), "put_object_tagging")
    assert (request["Key"], request["VersionId"]) == (empty.archive.key, empty.archive.version)
    assert request["Tagging"]["TagSet"] == [{"Key": "approved", "Value": "churn/7"}]


def test_the_model_is_the_package_in_this_environment(settings_of, empty):
    done = plan(settings_of(WHOLE + "[serving]\nmax_payload_bytes = 2048\n"), empty)
    request = request_of(done, "create_model")
    assert request["Containers"] == [
        {
            "ModelPackageName": empty.package_arn,
            "Environment": {
                "MODEL_PACKAGE": "churn/7",
                "MAX_PAYLOAD_BYTES": "2048",
                "PIP_NO_BUILD_ISOLATION": "0",
            },
        }
    ]
    assert request["VpcConfig"] == {"Subnets": ["subnet-0a1b2c3d"], "SecurityGroupIds": ["sg-0a1b2c3d"]}
    assert request["EnableNetworkIsolation"] is True
    assert request["ExecutionRoleArn"] == "arn:aws:iam::123456789012:role/churn-prod-hosting"
    tags = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
    assert tags == {"project": "churn", "model-package": empty.package_arn, "git-commit": "0123abc"}


def test_the_config_has_the_instances_the_capture_and_the_key(settings_of, empty):
    done = plan(settings_of(WHOLE + '[serving]\ninstance_type = "ml.c5.xlarge"\ninstance_count = 3\n'), empty)
    request = request_of(done, "create_endpoint_config")
    [variant] = request["ProductionVariants"]
    assert (variant["VariantName"], variant["ModelName"]) == ("AllTraffic", done.model_name)
    assert (variant["InstanceType"], variant["InitialInstanceCount"]) == ("ml.c5.xlarge", 3)
    capture = request["DataCaptureConfig"]
    assert capture["DestinationS3Uri"] == "s3://churn-prod-123456789012-eu-west-1/churn/capture"
    assert capture["InitialSamplingPercentage"] == 10
    assert request["KmsKeyId"] == capture["KmsKeyId"] == "0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"


def test_nothing_is_captured_at_zero_percent(settings_of, empty):
    done = plan(settings_of("[serving]\ndata_capture_percent = 0\n"), empty)
    assert "DataCaptureConfig" not in request_of(done, "create_endpoint_config")


def test_names_follow_the_content_and_nothing_else(settings_of, empty):
    first = plan(settings_of(), empty)
    assert first.config_name.startswith("churn-prod-")
    assert len(first.config_name.removeprefix("churn-prod-")) == 10
    tagged = replace(empty, package={**empty.package, "CustomerMetadataProperties": {"git_commit": "other"}})
    same = plan(settings_of('[tags]\nowner = "us"\n[rollout]\nwait_seconds = 300\n'), tagged)
    assert (same.model_name, same.config_name) == (first.model_name, first.config_name)
    bigger = plan(settings_of("[serving]\ninstance_count = 3\n"), empty)
    assert bigger.model_name == first.model_name
    assert bigger.config_name != first.config_name
    other = plan(settings_of(), replace(empty, package_arn=empty.package_arn.replace("/7", "/8")))
    assert {other.model_name, other.config_name}.isdisjoint({first.model_name, first.config_name})


def test_an_update_goes_from_the_old_config_to_the_new(settings_of, live):
    settings = settings_of()
    state = live(settings)
    done = plan(settings, state)
    assert (done.change, done.shifts, done.after) == ("update", True, ())
    greens = ["put_metric_alarm"] * 3  # that of both fleets exists as it should be
    created = ["put_object_tagging", "create_model", "create_endpoint_config"]
    assert operations(done) == [*created, *greens, *JUDGEMENT, "update_endpoint"]
    assert state.live_config in done.calls[-1].sentence
    assert "RetainAllVariantProperties" not in request_of(done, "update_endpoint")


def test_what_an_interrupted_run_left_is_not_created_again(settings_of, live, shipped):
    settings = settings_of()
    left = shipped(settings)
    state = live(settings)
    state = replace(state, existing=left.existing, definitions=left.definitions)
    assert operations(plan(settings, state)) == ["put_object_tagging", *JUDGEMENT, "update_endpoint"]


def test_the_same_again_is_unchanged(settings_of, shipped):
    settings = settings_of(SCHEDULED)
    done = plan(settings, shipped(settings))
    assert (done.change, done.shifts, done.calls, done.after) == ("unchanged", False, (), ())
    assert "no request to send" in done.render()


def test_in_service_on_another_config_is_not_unchanged(settings_of, shipped):
    settings = settings_of()
    state = shipped(settings)
    rolled_back = replace(state, endpoint={**state.endpoint, "EndpointConfigName": "churn-prod-0000000000"})
    assert plan(settings, rolled_back).change == "update"


def test_an_alarm_that_somebody_changed_is_corrected_though_the_endpoint_stays(settings_of, shipped):
    settings = settings_of()
    state = shipped(settings)
    name = "churn-prod-5xx-rate"
    changed = {**state.definitions, name: {**state.definitions[name], "Threshold": 1.0}}
    done = plan(settings, replace(state, definitions=changed))
    assert (done.change, [call.request["AlarmName"] for call in done.calls]) == ("unchanged", [name])


@pytest.mark.parametrize("status", ["Creating", "Updating"])
def test_a_deployment_of_the_same_config_is_resumed(settings_of, live, shipped, status):
    settings = settings_of(SCALED)
    state = shipped(settings)
    if status == "Creating":
        endpoint = {**state.endpoint, "EndpointStatus": status}
    else:
        pending = {"EndpointConfigName": state.live_config}
        endpoint = {**live(settings).endpoint, "EndpointStatus": status, "PendingDeploymentSummary": pending}
    done = plan(settings, replace(state, endpoint=endpoint, target=None))
    assert (done.change, done.shifts, done.calls) == ("resume", status == "Updating", ())
    assert [call.operation for call in done.after] == ["register_scalable_target", "put_scaling_policy"]


def test_a_deployment_of_another_config_is_not(settings_of, live):
    settings = settings_of()
    state = live(settings)
    endpoint = {**state.endpoint, "EndpointStatus": "Updating", "PendingDeploymentSummary": {"EndpointConfigName": "x"}}
    assert plan(settings, replace(state, endpoint=endpoint)).change == "update"


@pytest.mark.parametrize(
    ("overlay", "sentence"),
    [
        ('[serving]\nkind = "batch"\n', "has no endpoint to deploy to: run a transform job"),
        ('[serving]\nkind = "async"\n[alarms]\nerror_rate = 0\nerror_4xx_rate = 0\n', "comes later: choose"),
    ],
)
def test_kinds_that_are_not_deployed_are_refused(settings_of, empty, overlay, sentence):
    with pytest.raises(Problem, match=sentence):
        plan(settings_of(overlay), empty)


def test_the_text_numbers_the_sentences_and_shows_the_exact_requests(settings_of, empty):
    text = plan(settings_of(SCALED), empty).render()
    assert text.startswith(
        "package churn/7 makes the new endpoint churn-prod: a first deployment, nothing is shifted\n"
        "note: a first deployment has no guardrail: there is no old fleet to compare with, and nothing takes it back\n"
        "1. "
    )
    assert '"EndpointName": "churn-prod"' in text
    assert text.index("8. endpoint") < text.index("when the endpoint is InService:") < text.index("9. autoscaling")


def test_an_error_that_means_already_done_is_distinguished_from_others(settings_of, empty):
    class Refusal(Exception):
        def __init__(self, code, message):
            self.response = {"Error": {"Code": code, "Message": message}}

    [create] = [call for call in plan(settings_of(), empty).calls if call.operation == "create_model"]
    assert create.already_done(Refusal("ValidationException", 'Cannot create already existing model "x".'))
    assert not create.already_done(Refusal("ValidationException", "Could not access model data"))
    assert not create.already_done(Refusal("ThrottlingException", "already existing"))
    assert not create.already_done(ValueError("already existing"))


def test_alarms_that_stay_and_the_dashboard_are_put_again_when_they_differ(settings_of, live, shipped):
    settings = settings_of()
    for state in (live(settings), shipped(settings)):
        assert plan(settings, state).after == ()
        changed = settings_of("[alarms]\nlatency_ms = 250\nmemory_percent = 0\n")
        [alarm, board] = plan(changed, state).after
        assert (alarm.request["AlarmName"], alarm.request["Threshold"]) == ("churn-prod-latency", 250.0)
        assert "churn-prod-memory" not in board.request["DashboardBody"]
        assert operations(plan(settings, replace(state, dashboard="")))[-1] == "put_dashboard"
