"""A whole life: first release, healthy canary, the same again, smoke test, rollback, deletion. In this order."""

import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from release import approval_summary

ROOT = Path(__file__).resolve().parents[3]
BUCKET, ENDPOINT = "churn-local-000000000000-eu-west-1", "churn-local"


@pytest.fixture(scope="module")
def stage(long_stage):
    return long_stage


@pytest.fixture(scope="module")
def packages(stage):
    return [stage.package() for _ in range(3)]


@pytest.fixture
def output(capsys):
    return lambda: capsys.readouterr().out.splitlines()


def alarms(stage):
    """Without the foundation's."""
    names = [alarm["AlarmName"] for alarm in stage.cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]]
    return [name for name in names if name != "churn-local-dead-letters"]


def test_plan_changes_nothing(stage, packages, output):
    assert stage.deploy(packages[0], "--plan") == 0
    assert "create_endpoint" in "\n".join(output())
    with pytest.raises(ClientError, match="Could not find"):
        stage.live()
    assert not stage.s3.list_objects_v2(Bucket=BUCKET, Prefix="churn/releases/").get("KeyCount")


def test_status_of_nothing(stage, output):
    assert stage.command("--status") == 0
    assert output()[0] == f"endpoint {ENDPOINT} does not exist: --package ARN creates it"


def test_the_first_release_into_an_empty_account_says_that_nothing_was_shifted(stage, packages, output):
    assert stage.deploy(packages[0]) == 0
    *lines, last = output()
    assert last == f"shipped: {packages[0]} is live; it is the first here, so nothing was shifted or compared"
    assert not [line for line in lines if "known requests" in line]
    assert stage.good() == [packages[0]]


def test_a_healthy_canary_ships_without_a_failed_request(stage, packages, output):
    """The settings have turned off the alarm of memory since the first release."""
    assert f"{ENDPOINT}-memory" in alarms(stage)
    stage.configure(alarms={"memory_percent": "0"})
    with stage.clients() as counts:
        assert stage.deploy(packages[1]) == 0
    lines = output()
    assert lines[-1].startswith(f"shipped: {packages[1]} is live: ")
    assert "answers of the new fleet and " in lines[-1]
    assert any("Updating (Baking), 50% of the traffic on the new fleet" in line for line in lines)
    assert any(line.startswith("known requests: ") and line.endswith(" 0 failed, 0 lost") for line in lines)
    assert counts["answered"] == counts["sent"] > 20
    assert stage.live_package() == packages[1]


def test_what_shipped_is_on_record(stage, packages):
    shipped = stage.document("last-good.json")["releases"][0]
    assert (shipped["package"], shipped["commit"], shipped["withdrawn"]) == (packages[1], "c0ffee2", "")
    assert shipped["config"] == stage.live()["EndpointConfigName"]
    assert shipped["image"].endswith("sagemaker-xgboost:3.2-0")
    record = stage.verdicts()[-1]
    judgement = record["observed"]["judgement"]
    assert (record["verdict"], judgement["outcome"]) == ("shipped", "passed so far")
    assert [judgement["fleets"][fleet]["package"] for fleet in ("new", "old")] == ["churn/2", "churn/1"]
    assert min(fleet["answers"] for fleet in judgement["fleets"].values()) > 20
    assert stage.document("deployment.json")["deployment"] is None


def test_what_shipped_to_staging_is_no_champion(stage):
    assert not stage.s3.list_objects_v2(Bucket=BUCKET, Prefix="churn/champion/").get("KeyCount")


def test_the_old_release_is_kept_for_a_rollback_but_its_alarms_are_deleted(stage):
    live = stage.live()["EndpointConfigName"]
    assert len(stage.configs()) == 2
    standing = [f"{ENDPOINT}-{kind}" for kind in ("4xx-rate", "5xx-rate", "disk", "latency")]
    assert sorted(alarms(stage)) == sorted([f"{live}-4xx", f"{live}-5xx", f"{live}-latency", *standing])
    dashboards = stage.cloud.client("cloudwatch").list_dashboards()["DashboardEntries"]
    assert [each["DashboardName"] for each in dashboards] == [f"{ENDPOINT}-eu-west-1"]


def test_the_same_package_again_is_unchanged(stage, packages, output):
    before = stage.live()["LastModifiedTime"]
    assert stage.deploy(packages[1]) == 0
    assert output()[-1].startswith("unchanged: ")
    assert stage.live()["LastModifiedTime"] == before


def test_a_package_that_nobody_approved_is_refused(stage, capsys):
    package = stage.package(approved="PendingManualApproval")
    assert stage.deploy(package) == 1
    assert "is PendingManualApproval: have it approved" in capsys.readouterr().err


def test_a_package_that_is_live_needs_no_approval(stage, packages, output):
    stage.caller = stage.plan
    command = ["--env", "local", "--config", str(stage.folder), "--package"]
    for package, release in ((packages[1], "no"), (packages[2], "yes")):
        assert approval_summary.main([*command, package]) == 0
        answer, summary = output()
        assert answer == f"export RELEASE={release}"
        assert f"Release {package.rpartition(':model-package/')[2]} to churn-local?" in summary


def test_smoke(stage, output):
    assert stage.command("--smoke") == 5  # the handler is not the project's: it accepts anything, and returns JSON
    without, good, bad = output()
    assert without == "the package names no sample_answers: predictions cannot be compared with the evaluated model's"
    assert good == "ok   text/csv: 5 rows, 5 labels with probabilities"
    assert bad.startswith("BAD  text/csv, a bad request: status 200, where a client's error must be a 4xx")


def test_status_shows_what_is_live_and_its_history(stage, packages, output):
    assert stage.command("--status") == 0
    text = "\n".join(output())
    live = (f"endpoint {ENDPOINT}: InService", packages[1], "c0ffee2")
    never = "approved, but never deployed here: churn/3 ("
    clock = "and it is 200 times as fast as real time"
    for part in (*live, "-5xx-rate", "churn/1  shipped", "good, the newest first: churn/2, churn/1", never, clock):
        assert part in text


def test_the_command_as_people_run_it(stage, packages):
    words = ["codepipeline.deploy", "--config", str(stage.folder), "--package", packages[1]]
    result = subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-1].startswith("unchanged: ")


def test_a_rollback_is_a_release_and_withdraws_the_one_it_leaves(stage, packages, output):
    assert stage.command("--rollback", "--plan") == 0
    assert f"back to {packages[0]} (commit c0ffee1)" in output()[0]
    assert stage.command("--rollback", "--now") == 0
    assert output()[-1].startswith(f"shipped: {packages[0]} is live")
    assert stage.live_package() == packages[0]
    assert stage.good() == [packages[0], packages[0]]
    assert stage.command("--rollback") == 1  # not forward again


def test_delete_lists_and_asks_and_leaves_the_records(stage, output, monkeypatch):
    assert stage.command("--delete", "--yes") == 0
    text = "\n".join(output())
    for part in (f"{ENDPOINT} (InService)", "configs", "models", "What stays: the records in s3://"):
        assert part in text
    assert (stage.configs(), alarms(stage)) == ([], [])
    assert stage.cloud.client("cloudwatch").list_dashboards()["DashboardEntries"] == []
    assert stage.sagemaker.list_models()["Models"] == []
    assert stage.sagemaker.list_endpoints()["Endpoints"] == []
    assert len(stage.verdicts()) == 3
    assert stage.command("--delete", "--yes") == 0
    assert "nothing to delete" in output()[-1]
