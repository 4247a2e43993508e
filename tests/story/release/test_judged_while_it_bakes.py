"""Faults that no alarm of the settings shows, and what is no fault: the judgement takes a release back, or ships it."""

import json
import threading

import pytest

LONG = {"wait_seconds": "3000", "termination_wait_seconds": "300"}  # fifteen real seconds, which a decision cuts short
NARROW = {"latency_factor": "2.0"}
ROW, WRONG = "7,basic\n", {"no": 0.9, "yes": 0.1}


def promise(label, probabilities):
    """Of one row: what the package's model gave when it was evaluated."""
    request = {"body": ROW, "answer": {"label": label, "probabilities": probabilities}}
    return {"model": "0" * 64, "content_type": "text/csv", "requests": [request]}


@pytest.fixture(scope="module")
def stage(long_stage):
    long_stage.first = long_stage.package()
    assert long_stage.deploy(long_stage.first) == 0
    return long_stage


@pytest.fixture
def output(capsys):
    return lambda: capsys.readouterr().out.splitlines()


def is_taken_back(stage, code, lines):
    """While it had a part of the traffic, and never all of it."""
    assert (code, stage.live_package(), stage.live()["EndpointStatus"]) == (3, stage.first, "InService")
    assert not [line for line in lines if "100% of the traffic" in line]
    assert lines[-1].startswith("rolled back: ")
    return lines[-1].removeprefix("rolled back: ")


@pytest.mark.planted
def test_a_slow_model_is_taken_back_while_it_bakes_and_the_verdict_says_how_slow_it_is(stage, output):
    """No alarm of the settings sees it: they allow five seconds."""
    stage.configure(rollout=LONG, judgement=NARROW)
    code = stage.deploy(stage.package("slow"))
    reason = is_taken_back(stage, code, lines := output())
    assert "times as slow at the median" in reason
    assert " ms before" in reason
    assert any("judgement: fail, " in line for line in lines)
    judgement = stage.verdicts()[-1]["observed"]["judgement"]
    assert judgement["outcome"] == "fail"
    assert judgement["fleets"]["new"]["p50_ms"] > 200 > judgement["fleets"]["old"]["p50_ms"]


@pytest.mark.planted
def test_one_wrong_answer_takes_it_back_with_the_row_and_both_answers(stage, output):
    stage.configure(rollout=LONG)
    code = stage.deploy(stage.package(answers=promise("no", WRONG)))
    reason = is_taken_back(stage, code, output())
    assert reason.startswith(
        "the new fleet gives wrong answers: row 1: expected no (no 0.9, yes 0.1), given yes (no 0.25, yes 0.75); "
    )


@pytest.mark.planted
def test_six_releases_of_equal_models_ship_though_their_first_requests_are_slow(stage, output):
    stage.configure()
    for _ in range(6):
        stage.first = stage.package("cold", answers=promise("yes", {"no": 0.25, "yes": 0.75}))
        assert stage.deploy(stage.first) == 0, output()[-1]
    assert "first requests of its workers are not held against it, the slowest took " in output()[-1]
    new = stage.verdicts()[-1]["observed"]["judgement"]["fleets"]["new"]
    assert new["slowest_cold_ms"] > 300
    assert (new["right"] > 0, new["wrong"]) == (True, 0)


def test_aborted_by_a_person_it_is_taken_back_and_all_who_look_see_by_whom_and_why(stage, output, wait_until):
    assert stage.command("--abort", "why not") == 1
    stage.configure(rollout=LONG)
    codes, package = {}, stage.package()
    run = threading.Thread(target=lambda: codes.update(run=stage.deploy(package)))
    watcher = threading.Thread(target=lambda: codes.update(watch=stage.command("--watch")))
    run.start()
    wait_until(lambda: stage.live()["EndpointStatus"] == "Updating")
    watcher.start()
    assert stage.command("--status") == 0
    shown = "\n".join(output())
    assert f"release under way: {package.partition('/')[2]} since " in shown
    assert "followed by arn:aws:sts::000000000000:assumed-role/churn-local-staging/" in shown
    assert stage.command("--abort", " wrong\n prices") == 0
    watcher.join()
    run.join()
    lines = output()
    assert codes == {"run": 3, "watch": 3}
    assert [line for line in lines if line.startswith("rolled back: aborted by ")][1:]  # one of each command
    reason = is_taken_back(stage, codes["run"], lines)
    assert reason.startswith("aborted by arn:aws:")
    assert ": wrong prices; " in reason
    assert json.dumps(stage.verdicts()[-1]["observed"]["judgement"]).count("wrong prices") == 1


def test_the_alarms_of_the_judgement_end_with_the_deployment(stage):
    alarms = stage.cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert not [alarm for alarm in alarms if alarm["AlarmName"].endswith(("-judgement", "-unjudged"))]
