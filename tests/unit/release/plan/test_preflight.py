"""Every reason not to begin a deployment, each with its sentence; a plan that begins none is never refused."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from release.plan import preflight
from release.plan.plan import plan
from settings.errors import Problem

SCALED = "[serving]\nautoscaling_max_instances = 6\n"


def refusals(settings, state, **options):
    return list(preflight.problems(settings, state, plan(settings, state, **options)))


def test_a_good_release_is_not_refused(settings_of, live, empty):
    settings = settings_of(SCALED)
    assert refusals(settings, live(settings)) == []
    assert refusals(settings, empty) == []
    preflight.check(settings, empty, plan(settings, empty))


PACKAGES = [
    ({"ModelApprovalStatus": "PendingManualApproval"}, "is PendingManualApproval: have it approved"),
    ({"ModelApprovalStatus": "Rejected"}, "is Rejected: have it approved"),
    ({"ModelPackageGroupName": "fraud"}, "is of the group fraud, not of churn (project.group)"),
    ({"ModelPackageGroupName": ""}, "is of the group (none), not of churn"),
    ({"ModelPackageStatus": "Failed"}, "is Failed, not Completed: register the model again"),
]


@pytest.mark.parametrize(("change", "sentence"), PACKAGES)
def test_the_package(settings_of, live, change, sentence):
    settings = settings_of()
    state = live(settings)
    [line] = refusals(settings, replace(state, package={**state.package, **change}))
    assert sentence in line
    assert state.package_arn in line


def test_a_group_may_be_named_by_its_arn(settings_of, empty):
    arn = "arn:aws:sagemaker:eu-west-1:123456789012:model-package-group/churn"
    assert refusals(settings_of(), replace(empty, package={**empty.package, "ModelPackageGroupName": arn})) == []


def test_a_package_that_does_not_exist(settings_of, empty):
    [line] = refusals(settings_of(), replace(empty, package={}, archive=None))
    assert line == f"there is no model package {empty.package_arn}: check the ARN, and that it is of eu-west-1"


@pytest.mark.planted
def test_an_archive_that_was_overwritten_is_not_the_one_that_was_approved(settings_of, empty):
    overwritten = replace(empty.archive, sha256="f" * 64, modified=datetime(2026, 1, 5, 9, tzinfo=UTC))
    [line] = refusals(settings_of(), replace(empty, archive=overwritten))
    assert line.startswith(
        f"the archive {empty.archive.uri} is not the one of the package {empty.package_arn} that was"
    )
    written = "written on 2026-01-05 09:00:00 UTC as version version-1"
    assert f"its SHA-256 is ffffffffffff, not {empty.archive.sha256[:12]}; {written})" in line
    [line] = refusals(settings_of(), replace(empty, archive=replace(empty.archive, sha256="")))
    assert "its SHA-256 is (that of no single file)" in line


def test_a_package_that_does_not_name_its_archives_hash_is_refused(settings_of, empty):
    [line] = refusals(settings_of(), replace(empty, package={**empty.package, "CustomerMetadataProperties": {}}))
    assert "does not say which archive was evaluated (model_sha256)" in line


def test_its_artifact_and_its_image(settings_of, empty):
    [line] = refusals(settings_of(), replace(empty, archive=None))
    assert "the artifact of the package" in line
    [line] = refusals(settings_of(), replace(empty, image_exists=False))
    assert "the image of the package" in line
    assert refusals(settings_of(), replace(empty, image_exists=True)) == []


STATUSES = {
    "Creating": "another deployment is under way, to {config}: wait",
    "Updating": "another deployment is under way, to {pending}: wait",
    "SystemUpdating": "AWS is maintaining it: wait",
    "RollingBack": "another deployment is being taken back: wait",
    "Deleting": "it is being deleted: wait until it is gone",
    "Failed": "it could not be created (no capacity): take it down with --delete",
    "UpdateRollbackFailed": "neither finished nor taken back (no capacity): --rollback --now repairs it; if AWS",
    "OutOfService": "takes no requests and no update: take it down with --delete",
    "SomethingNew": "wait until it is InService",
}


@pytest.mark.parametrize("status", STATUSES)
def test_an_endpoint_that_is_not_in_service(settings_of, live, status):
    settings = settings_of()
    state = live(settings)
    endpoint = {**state.endpoint, "EndpointStatus": status, "FailureReason": "no\n  capacity"}
    if status == "Updating":
        endpoint["PendingDeploymentSummary"] = {"EndpointConfigName": "churn-prod-other"}
    [line] = refusals(settings, replace(state, endpoint=endpoint))
    assert line.startswith(f"endpoint churn-prod is {status}: ")
    assert STATUSES[status].format(config=state.live_config, pending="churn-prod-other") in line


def test_a_plan_for_later_is_not_refused_for_what_ends_without_it(settings_of, live):
    settings = settings_of()
    state = in_alarm(live(settings), "churn-prod-5xx-rate")
    moving = replace(state, endpoint={**state.endpoint, "EndpointStatus": "Updating"})
    note = preflight.check_later(settings, moving, plan(settings, moving))
    assert note == "endpoint churn-prod is Updating: the release plans again when that has ended"
    rejected = replace(moving, package={**state.package, "ModelApprovalStatus": "Rejected"})
    for wrong, sentence in ((rejected, "is Rejected: have it approved"), (state, "is in ALARM")):
        with pytest.raises(Problem, match=sentence):
            preflight.check_later(settings, wrong, plan(settings, wrong))
    gone = replace(state, endpoint={**state.endpoint, "EndpointStatus": "Deleting"})
    with pytest.raises(Problem, match="it is being deleted"):
        preflight.check_later(settings, gone, plan(settings, gone))


def test_a_live_config_that_was_deleted(settings_of, live):
    settings = settings_of()
    [line] = refusals(settings, live(settings, config=None))
    assert "was deleted: AWS cannot update it now" in line


def test_an_endpoint_of_somebody_else(settings_of, live):
    settings = settings_of()
    config = {"ProductionVariants": [{"VariantName": "a", "InstanceType": "ml.m5.large"}, {"VariantName": "b"}]}
    [line] = refusals(settings, live(settings, config=config))
    assert "has the variants a, b instead of AllTraffic" in line


def in_alarm(state, name):
    return replace(state, alarms={**state.alarms, name: "ALARM"})


def test_an_alarm_that_is_on_already(settings_of, live):
    settings = settings_of()
    state = in_alarm(live(settings), "churn-prod-5xx-rate")
    [line] = refusals(settings, state)
    assert "churn-prod-5xx-rate is in ALARM" in line
    assert "--now" in line
    assert refusals(settings, state, all_at_once=True) == []


def test_an_alarm_of_the_new_fleet_that_is_on_since_its_last_deployment(settings_of, live):
    settings = settings_of()
    state = live(settings)
    name = f"{plan(settings, state).config_name}-latency"
    for now in (False, True):
        [line] = refusals(settings, in_alarm(state, name), all_at_once=now)
        assert name in line
        assert "--now" not in line


def test_an_alarm_of_another_config_does_not_matter(settings_of, live):
    settings = settings_of()
    assert refusals(settings, in_alarm(live(settings), "churn-prod-0000000000-latency")) == []


def test_alarms_of_the_user_must_exist_and_be_ok(settings_of, live, empty):
    settings = settings_of('[alarms]\nextra = ["orders-low"]\n')
    state = live(settings)
    [line] = refusals(settings, state)
    assert 'prod.toml: alarms.extra: "orders-low" is no metric alarm' in line
    [line] = refusals(settings, in_alarm(state, "orders-low"))
    assert "orders-low is in ALARM" in line
    assert refusals(settings, replace(state, alarms={**state.alarms, "orders-low": "OK"})) == []
    assert refusals(settings, empty) == []  # an alarm could not roll back a first deployment


def test_all_reasons_are_reported_at_once(settings_of, live):
    settings = settings_of()
    state = in_alarm(live(settings), "churn-prod-5xx-rate")
    state = replace(state, archive=None)
    with pytest.raises(Problem, match=r"^2 reasons not to deploy:\n  the artifact .*\n  the alarm ") as problem:
        preflight.check(settings, state, plan(settings, state))
    assert problem.value.exit_code == 1
    with pytest.raises(Problem, match=r"^the artifact"):
        state = replace(state, alarms={})
        preflight.check(settings, state, plan(settings, state))


def test_a_plan_that_begins_nothing_is_not_refused(settings_of, shipped):
    settings = settings_of()
    state = in_alarm(shipped(settings, archive=None), "churn-prod-5xx-rate")
    preflight.check(settings, state, plan(settings, state))
    under_way = replace(state, endpoint={**state.endpoint, "EndpointStatus": "Creating"})
    preflight.check(settings, under_way, plan(settings, under_way))
