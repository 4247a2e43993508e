"""SIGKILL at every call that changes something, then one undisturbed run: it ends as if nothing had happened."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.proof

ROOT = Path(__file__).resolve().parents[3]
BUCKET = "churn-local-000000000000-eu-west-1"
KILLED, LIMIT = -9, 40
ONE_INSTANCE = {"instance_count": "1", "autoscaling_min_instances": "1", "autoscaling_max_instances": "3"}
AT_ONCE = {"strategy": '"all_at_once"', "canary_percent": None}
SECONDS = 200  # of the clock in a real one


class Killer:
    def __init__(self, stage):
        self.stage = stage
        argv = [sys.executable, str(Path(__file__).with_name("killer.py")), stage.cloud.url]
        token = stage.cloud.process_keys.open(stage.release)
        variables = os.environ | stage.cloud.process_environment(token) | {"PYTHONPATH": str(ROOT)}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(argv, env=variables, cwd=ROOT, **pipes)

    def run(self, *words, kill=None):
        words = ["--env", "local", "--config", str(self.stage.folder), *words]
        self.process.stdin.write(json.dumps({"words": words, "kill": kill}) + "\n")
        self.process.stdin.flush()
        result = json.loads(self.process.stdout.readline())
        return result["code"], result["output"]

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(60) == 0


@pytest.fixture(scope="module")
def stage(long_stage):
    long_stage.configure(serving=ONE_INSTANCE, rollout=AT_ONCE)
    return long_stage


@pytest.fixture
def long_bake(stage):
    """Long enough to be polled several times, however busy the machine is."""

    def configure(seconds, **rollout):
        wait = {"termination_wait_seconds": str(seconds * SECONDS)}
        stage.configure(serving=ONE_INSTANCE, rollout=AT_ONCE | wait | rollout)

    yield configure
    stage.configure(serving=ONE_INSTANCE, rollout=AT_ONCE)


@pytest.fixture(scope="module")
def killer(stage):
    process = Killer(stage)
    yield process
    process.close()


def is_as_after_one_undisturbed_run(stage, package):
    live = stage.live()
    assert (live["EndpointStatus"], stage.live_package()) == ("InService", package)
    newest = stage.document("last-good.json")["releases"][0]
    assert (newest["package"], newest["config"]) == (package, live["EndpointConfigName"])
    assert stage.good().count(package) == 1
    assert verdicts(stage, package) == ["shipped"]
    assert lease(stage) == ("", None)
    assert len(stage.configs()) == len(stage.good()[:3])  # what is kept for rollbacks, and nothing else
    scaling = stage.cloud.client("application-autoscaling")
    assert len(scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]) == 1
    assert len(scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]) == 1


def verdicts(stage, package):
    return [record["verdict"] for record in stage.verdicts() if record["deployment"]["package"] == package]


def lease(stage):
    document = stage.document("deployment.json")
    return document["owner"], document["deployment"]


@pytest.mark.parametrize("number", [9, 10, 11, 12])  # the endpoint, its autoscaling, the policy, the record
def test_a_first_release(stage, killer, number):
    package = stage.package()
    assert killer.run("--package", package, kill=["write", number])[0] == KILLED
    code, output = killer.run("--package", package)
    assert code == 0, output
    assert "the first here" in output
    is_as_after_one_undisturbed_run(stage, package)
    assert stage.command("--delete", "--yes") == 0
    stage.s3.delete_object(Bucket=BUCKET, Key="churn/releases/churn-local/last-good.json")


def test_killed_at_every_change(stage, killer):
    assert stage.deploy(stage.package()) == 0
    for number in range(1, LIMIT):
        package = stage.package()
        code, output = killer.run("--package", package, kill=["write", number])
        if code == KILLED:
            again, output = killer.run("--package", package)
            assert again == 0, (number, output)
        else:
            assert code == 0, (number, output)
        is_as_after_one_undisturbed_run(stage, package)
        if code != KILLED:
            assert number > 15
            return
    raise AssertionError("a release cannot have so many changes")


def test_killed_at_every_change_of_an_acceptance(stage, killer):
    """Once it is recorded, the next release does the rest."""
    stage.deploy(stage.package())
    stage.configure(serving=ONE_INSTANCE, rollout=AT_ONCE | {"bake_requests_per_second": "0"})
    for number in range(1, LIMIT):
        package = stage.package()
        assert stage.deploy(package) == 4
        code, output = killer.run("--package", package, "--accept", "why", kill=["write", number])
        recorded = "accepted" in stage.verdicts()[-1]
        assert code in (KILLED, 0), (number, output)
        assert killer.run("--package", package, "--accept", "why")[0] == recorded
        assert killer.run("--package", package)[0] == 0
        assert (stage.good()[0], stage.good().count(package), lease(stage)) == (package, 1, ("", None))
        assert verdicts(stage, package) == ["inconclusive"]
        if code != KILLED:
            assert number > 5
            stage.configure(serving=ONE_INSTANCE, rollout=AT_ONCE)
            return
    raise AssertionError("an acceptance cannot have so many changes")


def test_killed_while_it_bakes(stage, killer, long_bake):
    package = stage.package()
    long_bake(4)
    assert killer.run("--package", package, kill=["poll", 4])[0] == KILLED
    code, output = killer.run("--package", package)
    assert code == 0, output
    assert "it is not: continuing where it ended" in output
    is_as_after_one_undisturbed_run(stage, package)


def test_killed_while_it_bakes_and_rolled_back_while_nobody_watched(stage, killer, wait_until, long_bake):
    good, package = stage.live_package(), stage.package("failing")
    long_bake(15, bake_requests_per_second="0")  # at most: an alarm cuts it short, and no judgement is quicker
    assert killer.run("--package", package, kill=["poll", 4])[0] == KILLED
    with stage.clients():
        wait_until(lambda: stage.live()["EndpointStatus"] == "InService")
    code, output = killer.run("--package", package)
    assert code == 3, output
    assert output.splitlines()[-1].startswith("rolled back: alarm churn-local-")
    assert (stage.live_package(), verdicts(stage, package), lease(stage)) == (good, ["rolled back"], ("", None))


def test_killed_and_not_run_again_it_is_taken_back(stage, killer, wait_until):
    """What no run judges does not ship unseen."""
    cloudwatch = stage.cloud.client("cloudwatch")
    stage.wait_for_metrics()
    wait_until(lambda: not cloudwatch.describe_alarms(StateValue="ALARM")["MetricAlarms"])
    good, package = stage.live_package(), stage.package()
    long = AT_ONCE | {"termination_wait_seconds": "3000"}
    stage.configure(serving=ONE_INSTANCE, rollout=long, judgement={"unjudged_minutes": "10"})
    assert killer.run("--package", package, kill=["poll", 4])[0] == KILLED
    wait_until(lambda: stage.live()["EndpointStatus"] == "InService")
    code, output = killer.run("--package", package)
    assert code == 3, output
    assert output.splitlines()[-1].startswith("rolled back: no run judged it any more, so that the alarm churn-local-")
    assert (stage.live_package(), verdicts(stage, package), lease(stage)) == (good, ["rolled back"], ("", None))
    stage.configure(serving=ONE_INSTANCE, rollout=AT_ONCE)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_says_that_the_rollout_continues_and_how_to_resume(stage, killer, wait_until, long_bake, how):
    cloudwatch = stage.cloud.client("cloudwatch")
    stage.wait_for_metrics()
    wait_until(lambda: not cloudwatch.describe_alarms(StateValue="ALARM")["MetricAlarms"])
    package = stage.package()
    long_bake(4)
    code, output = killer.run("--package", package, kill=["poll", 2, how])
    assert code == 130, output
    assert "no longer watching; SageMaker continues the rollout" in output
    assert f"python -m codepipeline.deploy --env local --config {stage.folder} --package {package}" in output
    assert lease(stage)[0] == ""
    assert killer.run("--package", package)[0] == 0
    is_as_after_one_undisturbed_run(stage, package)
