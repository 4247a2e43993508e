"""A look at a deployment under way: what is stored, what is published, and what another run continues with."""

from datetime import UTC, datetime, timedelta

import pytest

from release.invocation import Request
from release.judgement.judgement import Judgement
from release.state import judgement_record
from release.state.deployment import Deployment
from release.state.endpoint import EndpointStatus
from release.state.judgement_record import Abort
from release.watch.assessment import Assessment
from release.watch.labels import Label
from release.watch.live_judgement import LiveJudgement
from release.watch.promises import Promises
from release.watch.traffic import Counts, Reply

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
ALARMS = ("new-judgement", "new-unjudged")
DEPLOYMENT = Deployment("arn:model-package/churn/7", "new", "m", "old", "t", START.isoformat(), True, ALARMS)
LABELS = {"new": "churn/7", "old": "churn/6"}


class FakeTraffic:
    def __init__(self):
        self.replies, self.driven, self.counts, self.possible = [], [], Counts(7), True

    def drive(self, active, speed):
        self.driven.append(active)

    def take(self):
        replies, self.replies = self.replies, []
        return replies

    def __exit__(self, *_):
        self.driven.append("stopped")


@pytest.fixture
def published(service):
    requests = []
    service("cloudwatch", put_metric_data=lambda **request: requests.append(request))
    return requests


@pytest.fixture
def start(context, published):
    def live(deployment=DEPLOYMENT):
        assessment = Assessment(LABELS, {"new": Promises(), "old": Promises()}, Judgement())
        if earlier := judgement_record.read(context, deployment):
            assessment.restore(earlier.assessment)
        return LiveJudgement(context, deployment, FakeTraffic(), assessment, "arn:role")

    return live


def endpoint(at=0, status="Updating", config="old"):
    return EndpointStatus(START + timedelta(seconds=at), status, config, share=0.5)


def replies(count, **new):
    answered = [Reply(Request(b"1"), 200, Label(LABELS[fleet]), latency_ms=20) for fleet in ("old", "new")]
    return [answered[0], answered[1]._replace(**new)] * count


def values(published):
    return [request["MetricData"][0]["Value"] for request in published]


def test_what_status_shows_is_stored(context, start):
    live = start()
    live.traffic.replies = replies(40)
    live.look(endpoint(60), drive=True, alarms={"a": "OK"}, left=540.0)
    stored = judgement_record.read(context, DEPLOYMENT)
    assert (stored.outcome, stored.run, stored.time) == ("undecided", "arn:role", "2026-01-05T09:01:00+00:00")
    assert (stored.stage, stored.share, stored.left_seconds, stored.alarms) == ("Updating", 0.5, 540.0, {"a": "OK"})
    assert stored.sent == "7 sent: 7 answered, 0 failed, 0 lost"
    new, old = stored.fleets["new"], stored.fleets["old"]
    assert (new["package"], new["answers"], old["answers"], stored.answers) == ("churn/7", 40, 40, 40)
    assert round(new["p50_ms"]) == round(old["p99_ms"]) == 20


def test_a_run_that_was_killed_is_continued_without_losing_or_repeating_an_answer(context, start):
    first = start()
    for at in range(5):
        first.traffic.replies = replies(10)
        first.look(endpoint(at), drive=True)
    second = start()
    second.traffic.replies = replies(3)
    second.look(endpoint(9), drive=True)
    assert judgement_record.read(context, DEPLOYMENT).answers == 53


def test_the_record_of_another_deployment_is_not_continued(context, start):
    start().look(endpoint(), drive=True)
    later = Deployment(**vars(DEPLOYMENT) | {"since": "2026-01-06T09:00:00+00:00"})
    assert judgement_record.read(context, later) is None
    assert judgement_record.read(context, Deployment(**vars(DEPLOYMENT) | {"config": "other"})) is None


def test_the_metric_is_published_every_ten_seconds_and_a_failure_at_once(start, published):
    live = start()
    for at in (0, 4, 9, 10, 15):
        live.look(endpoint(at), drive=True)
    assert values(published) == [0, 0]
    live.traffic.replies = replies(40, status=500)
    assert live.look(endpoint(16), drive=True).outcome == "fail"
    live.look(endpoint(17), drive=True)
    live.look(endpoint(27), drive=True)
    assert values(published) == [0, 0, 1, 1]
    [datum] = published[0]["MetricData"]
    assert (published[0]["Namespace"], datum["MetricName"], datum["StorageResolution"]) == (
        "Releases/churn-local",
        "Failed",
        1,
    )


def test_nothing_is_published_when_the_endpoint_has_left_updating(start, published):
    live = start()
    for status, config in (("InService", "new"), ("RollingBack", "new"), ("Failed", "new")):
        live.look(endpoint(status=status, config=config), drive=False)
    assert published == []


def test_before_the_update_it_is_published_too(start, published):
    start().look(endpoint(status="InService", config="old"), drive=True)
    assert values(published) == [0]


def test_without_alarms_of_its_own_nothing_is_published(start, published):
    start(Deployment(**vars(DEPLOYMENT) | {"alarms": ("a",)})).look(endpoint(), drive=True)
    assert published == []


def test_what_is_stored_is_there_before_it_is_published(context, start, service):
    stored = []
    service("cloudwatch", put_metric_data=lambda **_: stored.append(judgement_record.read(context, DEPLOYMENT).outcome))
    live = start()
    live.traffic.replies = replies(40, status=500)
    live.look(endpoint(), drive=True)
    assert stored == ["fail"]


def test_an_abort_fails_it_and_names_person_and_reason(context, start, published):
    live = start()
    judgement_record.write_abort(context, DEPLOYMENT, Abort("arn:ann", "2026-01-05T09:01:00+00:00", "wrong prices"))
    decision = live.look(endpoint(70), drive=True)
    assert (decision.outcome, decision.sentence) == (
        "fail",
        "aborted by arn:ann on 2026-01-05 09:01:00 UTC: wrong prices",
    )
    assert values(published) == [1]
    later = Deployment(**vars(DEPLOYMENT) | {"since": "2026-01-06T09:00:00+00:00"})
    assert start(later).look(endpoint(70), drive=True).outcome == "undecided"


def test_replies_that_come_after_the_last_look_count(context, start):
    live = start()
    live.look(endpoint(), drive=True)
    live.traffic.replies = replies(4)
    live.finish(endpoint(5, "InService", "new"))
    assert live.traffic.driven == [True, "stopped", False]
    assert judgement_record.read(context, DEPLOYMENT).answers == 4


def test_without_two_fleets_nothing_is_stored_or_published(context, published):
    live = LiveJudgement(context, DEPLOYMENT, FakeTraffic(), None)
    assert live.look(endpoint(), drive=True) is None
    assert (judgement_record.read(context, DEPLOYMENT), published) == (None, [])
