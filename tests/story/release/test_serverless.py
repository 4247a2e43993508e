"""A whole life of a serverless endpoint, under enforced roles: in this order."""

import threading
import time

import pytest
from botocore.exceptions import ClientError

from release.watch import take_back
from tests.story.release.conftest import pack, until

pytestmark = pytest.mark.kinds
ENDPOINT = "churn-local"
CONCURRENCY, PROVISIONED, MOST = 6, 1, 4
SERVERLESS = {
    "serving": {
        "kind": '"serverless"',
        "max_payload_bytes": "4194304",
        "data_capture_percent": "0",
        "serverless_max_concurrency": str(CONCURRENCY),
        "serverless_provisioned_concurrency": str(PROVISIONED),
        "autoscaling_scale_out_cooldown_seconds": "0",
        "autoscaling_scale_in_cooldown_seconds": "0",
    },
    "rollout": {
        "strategy": '"all_at_once"',
        "canary_percent": None,
        "termination_wait_seconds": "300",
        "timeout_seconds": "3600",
        "bake_requests_per_second": "1",
    },
    "alarms": {"error_4xx_rate": "0.8"},  # the bad request of a smoke test by hand is one of few
}


REFUSING = """if '"' in str(body): return Labelled("400 Bad Request", {"error": "the row has no end"})"""


def good(stage):
    """A package whose model refuses bad rows, as a smoke test requires; each is another one."""
    return stage.package(archive=pack(work=REFUSING))


@pytest.fixture(scope="module")
def stage(long_stage):
    long_stage.configure(**SERVERLESS)
    return long_stage


@pytest.fixture(scope="module")
def packages(stage):
    return [good(stage) for _ in range(2)]


@pytest.fixture
def output(capsys):
    return lambda: capsys.readouterr().out.splitlines()


def variant(stage):
    return stage.live()["ProductionVariants"][0]


def provisioned(stage):
    return variant(stage)["CurrentServerlessConfig"]["ProvisionedConcurrency"]


def containers(stage):
    return [each.name for each in stage.cloud.processes.all() if each.alive and each.name.startswith(f"{ENDPOINT}/")]


def targets(stage):
    scaling = stage.cloud.client("application-autoscaling")
    return scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]


def test_the_first_release_is_what_was_planned(stage, packages, output):
    assert stage.deploy(packages[0], "--plan") == 0
    assert "SageMaker has no guardrails for a serverless endpoint" in "\n".join(output())
    with pytest.raises(ClientError, match="Could not find"):
        stage.live()
    assert stage.deploy(packages[0]) == 0
    assert output()[-1].startswith(f"shipped: {packages[0]} is live; it is the first here")
    config = {"MemorySizeInMB": 2048, "MaxConcurrency": CONCURRENCY, "ProvisionedConcurrency": PROVISIONED}
    described = stage.sagemaker.describe_endpoint_config(EndpointConfigName=stage.live()["EndpointConfigName"])
    assert described["ProductionVariants"][0]["ServerlessConfig"] == config
    assert variant(stage)["CurrentServerlessConfig"] == config
    assert len(containers(stage)) == PROVISIONED


def test_it_answers_and_a_smoke_test_is_right(stage, packages):
    response = stage.cloud.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=ENDPOINT, ContentType="text/csv", Body=b"1,basic\n"
    )
    assert b"predictions" in response["Body"].read()
    assert stage.command("--smoke", "--expect", packages[0]) == 0


def test_a_good_model_replaces_it_without_a_failed_request(stage, packages, output):
    with stage.clients(per_second=20, threads=1) as counts:
        assert stage.deploy(packages[1]) == 0
    reason = f"shipped: {packages[1]} is live: the smoke test and "
    assert output()[-1].startswith(reason)
    assert counts["answered"] == counts["sent"] > 5
    assert stage.live_package() == packages[1]
    assert stage.good() == [packages[1], packages[0]]


def test_a_model_that_fails_is_put_back_by_the_command(stage, packages, output):
    bad = stage.package("failing")
    assert stage.deploy(bad) == 3
    lines = output()
    assert any(line.startswith("taken back: ") for line in lines)
    assert lines[-1].startswith("rolled back: text/csv: status 500")
    assert stage.live_package() == packages[1]
    assert stage.live()["EndpointStatus"] == "InService"
    assert stage.deploy(bad) == 3  # the verdict stands
    assert stage.command("--status") == 0
    assert any("rolled back: text/csv: status 500" in line for line in output())


def test_a_model_that_cannot_start_never_takes_a_request(stage, packages, output):
    with stage.clients(per_second=20, threads=1) as counts:
        assert stage.deploy(stage.package("crashing")) == 3
    assert "no such library" in output()[-1]
    assert counts["answered"] == counts["sent"] > 0
    assert stage.live_package() == packages[1]


def while_it_bakes(stage, package, action):
    """Deploys it, and acts once it is live; returns the exit code."""
    before = stage.live()["EndpointConfigName"]

    def act():
        until(lambda: (live := stage.live())["EndpointStatus"] == "InService" and live["EndpointConfigName"] != before)
        action()

    thread = threading.Thread(target=act)
    thread.start()
    code = stage.deploy(package)
    thread.join()
    return code


def test_an_alarm_takes_it_back(stage, packages, output):
    cloudwatch = stage.cloud.client("cloudwatch")
    metric = {"Namespace": "Own", "MetricName": "Errors", "Statistic": "Sum", "Period": 3600}
    rule = {"EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"}
    cloudwatch.put_metric_alarm(AlarmName="pager", **metric, **rule, TreatMissingData="ignore")
    stage.configure(**SERVERLESS | {"alarms": SERVERLESS["alarms"] | {"extra": '["pager"]'}})

    def page(state="ALARM"):
        cloudwatch.set_alarm_state(AlarmName="pager", StateValue=state, StateReason="a customer rang")

    page("OK")
    assert while_it_bakes(stage, good(stage), page) == 3
    assert output()[-1].startswith("rolled back: alarm pager fired: a customer rang; ")
    assert stage.live_package() == packages[1]
    page("OK")
    stage.configure(**SERVERLESS)


def test_a_person_takes_it_back(stage, packages, output):
    def look_and_abort():
        until(lambda: stage.document("judgement.json")["deployment"]["package"] == package)
        assert stage.command("--status") == 0
        assert stage.command("--abort", "it is too early") == 0

    package = good(stage)
    assert while_it_bakes(stage, package, look_and_abort) == 3
    lines = output()
    assert any(line.startswith("release under way: churn/") for line in lines)
    assert any("judgement: passed so far, the smoke test and" in line for line in lines)
    assert "it is too early" in lines[-1]
    assert stage.live_package() == packages[1]


@pytest.mark.parametrize("where", ["before it is sent", "when it is sent"])
def test_a_take_back_that_was_interrupted_is_finished_by_the_next_run(stage, packages, output, monkeypatch, where):
    """And the bad model is not deployed again."""
    bad, execute = stage.package("failing"), take_back.execute

    def interrupted(*arguments):
        if where == "when it is sent":
            execute(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(take_back, "execute", interrupted)
        assert stage.deploy(bad) == 130
    assert stage.deploy(bad) == 3
    last = output()[-1]
    assert last.startswith("rolled back: text/csv: status 500")
    assert "stands" not in last  # it is the verdict of this run
    assert stage.live_package() == packages[1]


def test_use_scales_provisioned_concurrency_up_and_down(stage, packages):
    scaled = SERVERLESS["serving"] | {"serverless_provisioned_max": str(MOST)}
    stage.configure(**SERVERLESS | {"serving": scaled})
    assert stage.deploy(packages[1]) == 0  # which is live: only its scaling is new
    [target] = targets(stage)
    assert target["ScalableDimension"] == "sagemaker:variant:DesiredProvisionedConcurrency"
    assert (target["MinCapacity"], target["MaxCapacity"]) == (PROVISIONED, MOST)
    with stage.clients(per_second=2000, threads=4):
        until(lambda: provisioned(stage) == MOST)
        until(lambda: len(containers(stage)) >= MOST)
        assert stage.deploy(stage.package("failing")) == 3  # autoscaling changes the endpoint meanwhile
        assert stage.live_package() == packages[1]
        until(lambda: provisioned(stage) == MOST)
    with stage.clients(per_second=20, threads=1):
        until(lambda: provisioned(stage) < MOST)
    stage.configure(**SERVERLESS)
    assert stage.deploy(packages[1]) == 0
    assert targets(stage) == []
    until(lambda: stage.live()["EndpointStatus"] == "InService" and len(containers(stage)) == provisioned(stage))


def test_without_provisioned_concurrency_it_scales_to_zero(stage, output):
    zero = SERVERLESS["serving"] | {"serverless_provisioned_concurrency": "0"}
    stage.configure(**SERVERLESS | {"serving": zero})
    assert stage.deploy(good(stage)) == 0
    until(lambda: containers(stage) == [])
    began = time.monotonic()
    assert stage.command("--smoke") == 0
    assert len(containers(stage)) == 1
    assert time.monotonic() - began > 0.1  # with a cold start


def test_a_rollback_brings_the_last_good_one_back(stage, packages, output):
    assert stage.command("--rollback") == 0
    assert stage.live_package() == packages[1]


def test_delete_leaves_nothing(stage):
    stage.configure(**SERVERLESS)
    assert stage.command("--delete", "--yes") == 0
    with pytest.raises(ClientError, match="Could not find"):
        stage.live()
    assert (stage.configs(), stage.sagemaker.list_models()["Models"], targets(stage)) == ([], [], [])
    alarms = stage.cloud.client("cloudwatch").describe_alarms(AlarmNamePrefix=ENDPOINT)["MetricAlarms"]
    assert [each["AlarmName"] for each in alarms] in ([], ["churn-local-dead-letters"])
    until(lambda: containers(stage) == [])
