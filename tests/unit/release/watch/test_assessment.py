"""Replies to known requests: whose they are, whether they are right, and what follows from them."""

import json

import pytest

from release.invocation import Request
from release.judgement.judgement import Judgement
from release.judgement.limits import Limits
from release.known_requests import parse
from release.watch.assessment import Assessment
from release.watch.labels import Label
from release.watch.promises import Promises
from release.watch.traffic import Reply
from settings.errors import Problem

LABELS = {"new": "churn/7", "old": "churn/6"}
REQUEST, OTHER = Request(b"1,basic\n"), Request(b"2,gold\n")
LIMITS = Limits(latency_factor=2, severe_factor=20, severe_points=0.5)


def promises(label="yes", *requests):
    answer = {"label": label, "probabilities": {"no": 0.25, "yes": 0.75}}
    items = [{"body": each.body.decode(), "answer": answer, "covers": ["plan"]} for each in requests or (REQUEST,)]
    known = parse(json.dumps({"content_type": "text/csv", "requests": items}))
    by_request = dict(zip(requests or (REQUEST,), known.requests, strict=True))
    return Promises(list(by_request), by_request)


def assess(new=None, old=None, labels=LABELS):
    return Assessment(labels, {"new": new or Promises(), "old": old or Promises()}, Judgement(LIMITS))


def reply(fleet="new", *, status=200, label="yes", request=REQUEST, ms=20.0, cold=False, package=None):
    body = json.dumps({"predictions": [{"label": label, "probabilities": {"no": 0.25, "yes": 0.75}}]}).encode()
    named = Label(package or LABELS[fleet], cold)
    return Reply(request, status, named, body if status == 200 else b"", "application/json", 1.0, ms)


def both(count, **new):
    return [
        each
        for at in range(count)
        for each in (reply("old", ms=10 + at % 7), reply("new", **({"ms": 10 + at % 7} | new)))
    ]


def test_equal_fleets_pass():
    assessment = assess(promises(), promises())
    assessment.add(both(200))
    assert assessment.decide().outcome == "passed so far"
    assert assessment.summary("new") | {"p50_ms": 0, "p99_ms": 0} == {
        "package": "churn/7",
        "answers": 200,
        "errors_5xx": 0,
        "errors_4xx": 0,
        "cold": 0,
        "slowest_cold_ms": 0.0,
        "p50_ms": 0,
        "p99_ms": 0,
        "right": 200,
        "wrong": 0,
        "first_wrong": "",
    }
    assert round(assessment.summary("old")["p50_ms"]) == 13


@pytest.mark.parametrize("fault", [{"ms": 500.0}, {"status": 500}, {"status": 400}])
def test_a_fleet_that_is_worse_fails(fault):
    assessment = assess()
    assessment.add(both(200, **fault))
    assert assessment.decide().outcome == "fail"


def test_one_wrong_answer_of_the_new_fleet_decides_with_the_row_and_both_answers():
    assessment = assess(promises())
    assessment.add([*both(1), reply(label="no"), reply()])
    decision = assessment.decide()
    assert decision.outcome == "fail"
    assert decision.sentence == (
        "the new fleet gives wrong answers: row 1 (plan): "
        "expected yes (no 0.25, yes 0.75), given no (no 0.25, yes 0.75)"
    )
    assert (assessment.predictions["new"].right, assessment.predictions["new"].wrong) == (2, 1)


def test_an_answer_that_is_no_prediction_is_wrong():
    assessment = assess(promises())
    assessment.add([reply()._replace(body=b"[]")])
    assert "row 1: " in assessment.decide().sentence


def test_a_wrong_answer_of_the_old_fleet_is_reported_only():
    assessment = assess(promises(), promises("no"))
    assessment.add(both(200))
    assert assessment.decide().outcome == "passed so far"
    assert assessment.summary("old")["wrong"] == 200


def test_each_fleet_is_compared_with_its_own_package_and_with_nothing_else():
    assessment = assess(promises("yes", REQUEST), promises("no", OTHER))
    assessment.add([reply("new", request=OTHER, label="no"), reply("old", request=REQUEST)])
    assert [(each.right, each.wrong) for each in assessment.predictions.values()] == [(0, 0), (0, 0)]


@pytest.mark.parametrize("label", [None, Label("churn/5"), Label("other/7")])
def test_a_reply_of_nobody_knows_whom_counts_for_no_fleet(label):
    assessment = assess(promises("no"))
    assessment.add([reply()._replace(label=label)] * 50)
    decision = assessment.decide()
    assert decision.outcome == "undecided"
    assert decision.sentence.endswith("; 50 replies name no package of this deployment, and count for no fleet")


def test_the_same_package_on_another_config_is_not_compared_but_its_answers_are():
    alike = {"new": "churn/7", "old": "churn/7"}
    assessment = assess(promises(), promises(), alike)
    assessment.add([reply(package="churn/7", ms=9000.0)] * 300)
    assert assessment.decide().outcome == "passed so far"
    assert "churn/7 was live before, on another config" in assessment.decide().sentence
    assessment.add([reply(package="churn/7", label="no")])
    assert assessment.decide().outcome == "fail"


def test_what_the_old_fleet_refuses_without_having_promised_it_is_not_held_for_the_new_one():
    """Both refuse the other's rows: without this, a new model that refuses what clients send would look as good."""
    old = promises("yes", REQUEST)
    new = promises("yes", OTHER)
    assessment = assess(new, old)
    for _ in range(100):
        assessment.add([reply("old"), reply("old", request=OTHER, status=400)])
        assessment.add([reply("new", request=OTHER), reply("new", status=400)])
    decision = assessment.decide()
    assert (decision.outcome, decision.tests) == ("fail", ("errors_4xx",))


def test_cold_first_requests_are_not_held_against_the_fleet():
    assessment = assess()
    assessment.add([reply(cold=True, ms=2310.0) for _ in range(8)] + both(200))
    assert assessment.decide().outcome == "passed so far"
    assert "8 first requests of its workers are not held against it, the slowest took 2,310 ms" in (
        assessment.decide().sentence
    )


def test_it_continues_from_its_state_as_if_nothing_had_happened():
    replies, whole, first = both(100, ms=300.0), assess(promises(), promises()), assess(promises(), promises())
    whole.add(replies)
    first.add(replies[:77])
    second = assess(promises(), promises())
    second.restore(json.loads(json.dumps(first.state())))
    second.add(replies[77:])
    assert second.state() == whole.state()
    assert second.decide() == whole.decide()
    assert second.decide().outcome == "fail"


@pytest.mark.parametrize("change", [{"judgement": {}}, {"predictions": {}}, {"unlabelled": "x"}])
def test_a_state_that_is_not_valid_is_refused_with_a_sentence(change):
    with pytest.raises(Problem, match="judgement is not valid .*: remove"):
        assess().restore(assess().state() | change)
    with pytest.raises(Problem, match="remove judgement.json"):
        assess().restore({})


def test_a_record_of_the_old_fleet_needs_a_hundred_answers():
    assessment = assess()
    assessment.add([reply("old")] * 99)
    assert not assessment.has_record
    assessment.add([reply("old")])
    assert assessment.has_record
