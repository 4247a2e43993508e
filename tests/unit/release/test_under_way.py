"""A release under way as others see it: where it is, both fleets, the judgement, who follows it; and its end."""

import json
from datetime import UTC, datetime

import pytest

from release import under_way
from release.state import judgement_record, verdict_records
from release.state.deployment import Deployment
from release.state.endpoint import EndpointStatus
from release.state.judgement_record import Abort, JudgementRecord
from release.watch.fleet_metrics import FleetMetrics

SINCE = "2026-01-05T09:00:00+00:00"
PACKAGE = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/churn/7"
DEPLOYMENT = Deployment(PACKAGE, "new", "m", "old", "t", SINCE, True, ("new-5xx", "new-judgement"))
BAKING = EndpointStatus(
    datetime(2026, 1, 5, 9, 10, tzinfo=UTC), "Updating", "old", "new", stages=("Baking",), share=0.5
)
RECORD = JudgementRecord(
    "undecided",
    "no difference in 80 answers",
    "2026-01-05T09:09:30+00:00",
    "arn:ann",
    "160 sent: 160 answered, 0 failed, 0 lost",
    BAKING.stage,
    0.5,
    90.0,
)


@pytest.fixture
def begin(context, s3, service, monkeypatch):
    """A deployment under way."""

    def start(endpoint=BAKING, owner="run", deployment=DEPLOYMENT, record=RECORD):
        store(s3, owner, deployment)
        if record and deployment:
            judgement_record.write(context, deployment, record)
        service("cloudwatch")
        service("sagemaker")
        monkeypatch.setattr(under_way, "read_endpoint", lambda *_: endpoint)
        fleets = FleetMetrics(100, 2, 1, 4.0, 9.0), FleetMetrics(90, 0, 0, 5.0, 10.0)
        monkeypatch.setattr(under_way, "read_both_fleets", lambda *_: fleets)
        monkeypatch.setattr(under_way.alarm_history, "states", lambda *_: {"new-5xx": "OK", "new-judgement": "ALARM"})

    return start


def store(s3, owner, deployment):
    document = {"owner": owner, "deployment": deployment and deployment.as_dict()}
    s3.objects["churn/releases/churn-local/deployment.json"] = json.dumps(document).encode()


def shown(context):
    return under_way.describe(under_way.read(context))


def test_all_that_an_operator_asks_is_shown(context, begin):
    begin()
    assert shown(context).splitlines() == [
        "release under way: churn/7 since 2026-01-05 09:00:00 UTC, no verdict yet",
        "  Updating (Baking), 50% of the traffic on the new fleet, 1 min 00 s to bake",
        "  fleet  requests  5xx  4xx  p50     p99",
        "  new    100       2    1    4.0 ms  9.0 ms",
        "  old    90        0    0    5.0 ms  10.0 ms",
        "  judgement: undecided, no difference in 80 answers",
        "  known requests: 160 sent: 160 answered, 0 failed, 0 lost",
        "  followed by arn:ann, whose last look was at 09:09:30 UTC (killed since? --package continues)",
        "  its alarms:",
        "    new-5xx  OK",
        "    new-judgement  ALARM",
    ]


def test_the_time_left_is_unknown_once_the_stage_is_another_one(context, begin):
    begin(record=JudgementRecord(**vars(RECORD) | {"stage": "Updating (ActivatingTraffic)"}))
    assert "to bake" not in shown(context)


def test_an_abort_is_shown_with_who_and_why(context, begin):
    begin()
    judgement_record.write_abort(context, DEPLOYMENT, Abort("arn:bea", "2026-01-05T09:09:00", "wrong prices"))
    assert "  aborted by arn:bea on 2026-01-05 09:09:00 UTC: wrong prices" in shown(context).splitlines()


@pytest.mark.parametrize(
    ("owner", "record", "follower"),
    [
        ("", RECORD, "followed by nobody: --package does so again"),
        ("run", None, "followed by a run that has not looked yet, or was killed"),
    ],
)
def test_who_follows_it(context, begin, owner, record, follower):
    begin(owner=owner, record=record)
    assert follower in shown(context)


def test_nothing_under_way_is_reported_and_is_no_failure(context, begin):
    begin(deployment=None)
    assert under_way.read(context) is None
    assert under_way.watch(context, None) == 0
    assert context.lines[-1].startswith("no release of churn-local is under way")


class View:
    def __init__(self, after):
        self.snapshots, self._after = [], after

    def show(self, snapshot):
        self.snapshots.append(snapshot)
        if len(self.snapshots) == 2:
            self._after()


@pytest.mark.parametrize(("outcome", "code"), [("shipped", 0), ("rolled back", 3), ("failed", 5)])
def test_it_is_followed_until_its_verdict_whose_code_is_returned(context, begin, s3, outcome, code):
    begin()

    def end():
        verdict = {"verdict": outcome, "reason": "because", "observed": None}
        verdict_records.write(context, DEPLOYMENT, verdict, BAKING.at)
        store(s3, "", None)

    view = View(end)
    assert under_way.watch(context, view) == code
    assert len(view.snapshots) == 2
    assert view.snapshots[0].decision.outcome == "undecided"
    assert context.lines[-1] == f"{outcome}: because"


def test_a_release_that_nobody_follows_any_more_does_not_keep_anybody_watching(context, begin):
    begin(endpoint=EndpointStatus(BAKING.at, "InService", "new"), owner="")
    assert under_way.watch(context, View(lambda: None)) == 4
    assert "gets it by --package" in context.lines[-1]


def test_a_run_that_was_killed_and_keeps_the_lease_does_not_keep_anybody_watching(context, begin):
    """It does not renew the lease any more."""
    begin(endpoint=EndpointStatus(BAKING.at, "InService", "new"))
    assert under_way.watch(context, View(lambda: None)) == 4
    assert "gets it by --package" in context.lines[-1]
