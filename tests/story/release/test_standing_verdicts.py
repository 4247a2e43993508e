"""A verdict stands: the same command repeats it until a person accepts it, and does not turn it into a success."""

import json

import pytest

from release.judgement import judgement
from release.watch import late_traffic

pytestmark = pytest.mark.planted

BUCKET, ENDPOINT = "churn-local-000000000000-eu-west-1", "churn-local"
AT_ONCE = {
    "strategy": '"all_at_once"',
    "canary_percent": None,
    "termination_wait_seconds": "0",
}  # no alarm acts in time
PERSON = "accepted by arn:aws:iam::000000000000:"
STANDS = "stands, and nothing was changed; --package "


@pytest.fixture(scope="module")
def stage(long_stage):
    long_stage.first = long_stage.package()
    assert long_stage.deploy(long_stage.first) == 0
    return long_stage


@pytest.fixture
def output(capsys):
    def lines():
        captured = capsys.readouterr()
        return (captured.out + captured.err).splitlines()

    return lines


def config(stage):
    return stage.live()["EndpointConfigName"]


def test_without_a_verdict_that_stands_there_is_nothing_to_accept(stage, output):
    assert stage.deploy(stage.first, "--accept", "fine") == 1
    assert f"error: there is nothing to accept: {stage.first} on {ENDPOINT} was shipped on " in output()[-1]
    unknown = stage.package()
    assert stage.deploy(unknown, "--accept", "fine") == 1
    assert f"error: there is nothing to accept: {unknown} has no verdict on {ENDPOINT}" in output()[-1]


def test_a_release_that_failed_and_is_live_fails_again(stage, output):
    stage.configure(rollout=AT_ONCE, alarms={"latency_ms": "300"})
    stage.bad = stage.package("slow")
    assert stage.deploy(stage.bad) == 5
    first = output()[-1]
    assert first.startswith("failed: it is live, but ")
    assert stage.live_package() == stage.bad
    for words in ((), ("--plan",), ("--now",)):
        assert stage.deploy(stage.bad, *words) == 5
        again = output()[-1]
        assert again.startswith(first)
        assert STANDS in again
    assert stage.good() == [stage.first]


def test_other_limits_do_not_make_it_good(stage, output):
    stage.configure()
    assert stage.deploy(stage.bad) == 5
    assert STANDS in output()[-1]


def test_a_run_that_was_killed_right_after_its_verdict_does_not_judge_again(stage, output):
    """Killed there, it leaves the deployment on the lease."""
    record = stage.verdicts()[-1]
    left = {"owner": "", "beat": 1, "deployment": record["deployment"]}
    stage.put(f"churn/releases/{ENDPOINT}/deployment.json", json.dumps(left).encode())
    assert stage.deploy(stage.bad) == 5
    assert output()[-1] == f"failed: {record['reason']}"
    assert stage.verdicts()[-1] == record
    assert stage.document("deployment.json")["deployment"] is None
    assert stage.good() == [stage.first]


def test_accepted_by_a_person_it_counts_as_good_and_says_who_when_and_why(stage, output):
    assert stage.deploy(stage.bad, "--accept", "  customers can\nwait ") == 0
    lines = output()
    assert lines[-3].startswith("churn/3, failed: it is live, but ")
    assert lines[-2].startswith(PERSON)
    assert lines[-2].endswith(": customers can wait")
    assert stage.good() == [stage.bad, stage.first]
    assert stage.deploy(stage.bad) == 0
    assert PERSON in (again := output()[-1])
    assert again.startswith(f"unchanged: {stage.bad} is live; its verdict (failed: it is live, but ")
    assert stage.command("--status") == 0
    assert lines[-2] in [line.strip() for line in output()]
    assert stage.deploy(stage.bad, "--accept", "once more") == 1
    assert "error: there is nothing to accept: " in (refusal := output()[-1])
    assert PERSON in refusal


def test_a_release_that_was_rolled_back_is_not_deployed_again_until_a_person_accepts_that(stage, output, wait_until):
    stage.configure(rollout={"wait_seconds": "1800"})
    before, package = config(stage), stage.package("crashing")
    assert stage.deploy(package) == 3
    modified = stage.live()["LastModifiedTime"]
    output()
    assert stage.deploy(package) == 3
    assert STANDS in output()[-1]
    assert (config(stage), stage.live()["LastModifiedTime"]) == (before, modified)
    assert stage.deploy(package, "--accept", "the library is there now") == 0
    assert output()[-1] == "--package deploys it again"
    assert stage.live()["LastModifiedTime"] == modified
    assert stage.deploy(package) == 3
    lines = output()
    assert any(line.startswith("its last verdict (rolled back: ") and PERSON in line for line in lines)
    assert STANDS not in lines[-1]
    assert stage.deploy(package) == 3  # the acceptance was of the deployment before
    assert STANDS in output()[-1]


def test_an_inconclusive_release_becomes_good_by_requests_and_not_by_other_settings(stage, output, monkeypatch):
    stage.configure(rollout=AT_ONCE)
    package = stage.package()
    with monkeypatch.context() as patch:
        patch.setattr(late_traffic, "SECONDS", 0)
        patch.setattr(judgement, "ENOUGH", 2)  # so many answers that there are never enough
        assert stage.deploy(package) == 4
        assert output()[-1].startswith("inconclusive: it is live and no alarm fired, but ")
    stage.configure(rollout=AT_ONCE | {"bake_requests_per_second": "0"}, judgement={"severe_error_points": "100.0"})
    assert stage.deploy(package) == 4
    assert STANDS in output()[-1]
    stage.configure()
    monkeypatch.setattr(late_traffic, "SECONDS", 100 * late_traffic.SECONDS)  # however busy this machine is
    assert stage.deploy(package) == 0
    assert " (judged again, on " in (verdict := output()[-1])
    assert " at the verdict of " in verdict


def test_an_inconclusive_release_is_accepted(stage, output):
    stage.configure(rollout={"bake_requests_per_second": "0"})
    package = stage.package()
    assert stage.deploy(package) == 4
    assert stage.deploy(package, "--accept", "nobody uses it at night") == 0
    assert stage.document("deployment.json")["deployment"] is None
    assert stage.deploy(package) == 0
    assert "its verdict (inconclusive: " in output()[-1]
    assert stage.good()[0] == package


def champion(stage):
    found = stage.s3.list_objects_v2(Bucket=BUCKET, Prefix="churn/champion/").get("Contents", [])
    return {
        each["Key"].rpartition("/")[2]: stage.s3.get_object(Bucket=BUCKET, Key=each["Key"])["Body"].read()
        for each in found
    }


def test_only_a_release_to_production_makes_a_champion(stage):
    """The last one: where an environment is production itself, which no role of the templates is for."""
    assert (len(stage.good()), champion(stage)) == (4, {})
    stage.configure(delivery={"staging": '"prod+local"', "production": '"local"'})
    stage.release = stage.cloud.credentials.administrator
    assert stage.deploy(stage.package()) == 0
    stored = champion(stage)
    name = f"churn/{stage.packages}"
    assert json.loads(stored.pop("evaluation.json")) == {"model": stage.packages, "champion": name}
    model = stage.s3.get_object(Bucket=BUCKET, Key=f"churn/runs/{stage.packages}/model.tar.gz")["Body"].read()
    assert stored == {"model.tar.gz": model}
