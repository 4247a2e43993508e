"""Releases that must not begin, cannot be judged, or are disturbed: one live endpoint, one after the other."""

import threading
from dataclasses import replace

import pytest

from localcloud.testing import role_may
from release import context
from tests.story.release.conftest import BUCKET, pack

ENDPOINT = "churn-local"


@pytest.fixture(scope="module")
def stage(long_stage):
    long_stage.first = long_stage.package()
    assert long_stage.deploy(long_stage.first) == 0
    return long_stage


def config(stage):
    return stage.live()["EndpointConfigName"]


def test_an_alarm_that_is_on_already_refuses_the_release(stage, capsys):
    cloudwatch, before = stage.cloud.client("cloudwatch"), config(stage)
    cloudwatch.put_metric_alarm(
        AlarmName="pager",
        Namespace="Own",
        MetricName="Errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="breaching",  # it stays in ALARM
    )
    cloudwatch.set_alarm_state(AlarmName="pager", StateValue="ALARM", StateReason="somebody said so")
    stage.configure(alarms={"extra": '["pager"]'})
    assert stage.deploy(stage.package()) == 1
    assert "error: the alarm pager is in ALARM" in capsys.readouterr().err
    assert config(stage) == before
    assert stage.document("deployment.json") == stage.document("deployment.json") | {"owner": "", "deployment": None}
    stage.configure()


@pytest.mark.planted
def test_an_archive_that_a_job_overwrites_is_neither_released_nor_loaded(stage, capsys):
    """Jobs may write under runs/. What a release has marked is the version that it compared."""
    role, live = "arn:aws:iam::000000000000:role/churn-local-hosting", "churn/runs/1/model.tar.gz"

    def may_load():
        return role_may(stage.cloud, role, "s3:GetObject", f"arn:aws:s3:::{BUCKET}/{live}", {})

    other, before = stage.package(), config(stage)
    assert may_load()
    for key in (live, f"churn/runs/{stage.packages}/model.tar.gz"):
        stage.put(key, pack(work="data = data[:1]"))
    assert not may_load()
    assert stage.deploy(other) == 1
    assert f"is not the one of the package {other} that was evaluated and approved" in capsys.readouterr().err
    assert config(stage) == before
    stage.put(live, pack())


def test_a_package_whose_image_is_gone_is_refused(stage, capsys):
    package = stage.package(image="000000000000.dkr.ecr.eu-west-1.amazonaws.com/churn-local:gone")
    for words in ([], ["--plan"]):  # each under the role of its build
        assert stage.deploy(package, *words) == 1
        assert f"the image of the package {package} is not in its repository" in capsys.readouterr().err


def test_a_canary_without_known_requests_is_inconclusive_whatever_clients_send(stage, capsys):
    stage.configure(rollout={"bake_requests_per_second": "0"})
    package = stage.package()
    with stage.clients(per_second=100):
        assert stage.deploy(package) == 4
    out = capsys.readouterr().out.splitlines()
    assert any(
        "no known requests are sent, so nothing is compared, and the release is inconclusive" in line for line in out
    )
    assert out[-1].startswith("inconclusive: it is live and no alarm fired, but no answer of the new fleet yet")
    assert (stage.live_package(), stage.good()) == (package, [stage.first])
    stage.configure()
    assert stage.deploy(package) == 4  # the old fleet is gone, and nothing is on record of it
    assert stage.deploy(package, "--accept", "its users are content") == 0
    stage.first = package


def test_a_package_without_samples_is_judged_by_those_of_the_old_one(stage, capsys):
    package = stage.package(sample="")
    assert stage.deploy(package) == 0
    assert any("the package names no sample_requests" in line for line in capsys.readouterr().out.splitlines())
    stage.first = package


def test_a_bake_that_ended_between_two_polls_gets_late_traffic(stage, capsys):
    stage.configure(rollout={"strategy": '"all_at_once"', "canary_percent": None, "termination_wait_seconds": "0"})
    package = stage.package()
    assert stage.deploy(package) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith(f"shipped: {package} is live: ")
    stage.configure()
    stage.first = package


def test_of_two_at_once_one_wins_and_the_other_is_refused(stage, capsys, monkeypatch):
    monkeypatch.setattr(
        context, "TIMING", replace(context.TIMING, lease_timeout=60.0)
    )  # the winner's heartbeat may be late
    package, codes = stage.package(), []
    runs = [threading.Thread(target=lambda: codes.append(stage.deploy(package))) for _ in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert sorted(codes) == [0, 1]
    assert f"error: another deployment of {ENDPOINT} is under way" in capsys.readouterr().err
    assert stage.live_package() == package
    stage.first = package


def test_throttled_calls_are_retried(stage):
    package = stage.package()
    for operation in ("CreateModel", "CreateEndpointConfig", "UpdateEndpoint", "DescribeEndpoint"):
        stage.cloud.faults.throttle(f"sagemaker.{operation}", 2)
    stage.cloud.faults.throttle("cloudwatch.PutMetricAlarm", 2)
    stage.cloud.faults.throttle("s3.PutObject", 2)
    assert stage.deploy(package) == 0
    assert not stage.cloud.faults.show()["operations"]
    stage.first = package


def test_an_error_that_no_retry_solves_is_one_sentence(stage, capsys):
    before = config(stage)
    stage.cloud.faults.fail("sagemaker.UpdateEndpoint", code="AccessDeniedException", status=400, message="not you")
    assert stage.deploy(stage.package()) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: you have no permission for sagemaker:UpdateEndpoint")
    assert "Traceback" not in error
    assert config(stage) == before


def test_a_failed_rollback_is_repaired_by_the_last_good_release_at_once(stage, capsys):
    good = stage.good()
    stage.cloud.faults.fail("sagemaker.RollbackEndpoint", message="no capacity")
    assert stage.deploy(stage.package("crashing")) == 5
    assert "failed: the endpoint is UpdateRollbackFailed (" in capsys.readouterr().out
    assert stage.command("--rollback") == 1
    assert "neither finished nor taken back" in capsys.readouterr().err
    assert stage.command("--rollback", "--now") == 0
    assert (stage.live()["EndpointStatus"], stage.live_package(), stage.good()) == ("InService", stage.first, good)


def test_an_endpoint_deleted_midway_is_a_failure_that_says_so(stage, capsys, wait_until):
    codes, package = [], stage.package()
    stage.configure(rollout={"wait_seconds": "3000"})  # fifteen real seconds, to delete it meanwhile
    run = threading.Thread(target=lambda: codes.append(stage.deploy(package)))
    run.start()
    wait_until(lambda: stage.live()["EndpointStatus"] == "Updating")
    stage.sagemaker.delete_endpoint(EndpointName=ENDPOINT)
    run.join()
    assert codes == [5]
    assert "failed: the endpoint is gone: somebody deleted it" in capsys.readouterr().out
    stage.configure()
    assert stage.deploy(package) == 5
    assert stage.deploy(package, "--accept", "it was deleted on purpose") == 0
    assert stage.deploy(package) == 0  # and it is created again
    assert stage.live_package() == package


def test_an_endpoint_that_changes_is_not_deleted_and_nothing_of_it(stage, capsys):
    policy = {"TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}}
    policy |= {"TerminationWaitInSeconds": 3600}  # much longer than this test
    names, configs = {"EndpointName": ENDPOINT, "EndpointConfigName": config(stage)}, stage.configs()
    stage.sagemaker.update_endpoint(**names, DeploymentConfig={"BlueGreenUpdatePolicy": policy})
    assert stage.command("--delete", "--yes") == 1
    assert f"error: endpoint {ENDPOINT} is Updating: wait until it is InService" in capsys.readouterr().err
    assert (stage.live()["EndpointStatus"], stage.configs()) == ("Updating", configs)
