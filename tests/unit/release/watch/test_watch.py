"""Following an endpoint, and showing it to people."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from release.judgement.judgement import Decision
from release.kinds.kind import TrafficShift
from release.state.deployment import Deployment
from release.state.endpoint import EndpointStatus, read_endpoint
from release.watch import watch
from release.watch.fleet_metrics import FleetMetrics
from release.watch.table import FleetsTable, PlainLines
from release.watch.watch import Snapshot, Watch, time_left
from settings.errors import Problem

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
CANARY = TrafficShift("canary", 10, 1, 600, 300, 7200)
LINEAR = TrafficShift("linear", 25, 3, 600, 300, 7200)
DEPLOYMENT = Deployment("p", "new", "m", "old", "before", START.isoformat(), True, ("a",))
WAIT = "Baking for 600 seconds (WaitIntervalInSeconds) with traffic enabled on canary capacity of 1 instance(s)."
LAST = "Baking for 300 seconds (TerminationWaitInSeconds) with traffic enabled on full capacity of 4 instance(s)."


def status_of(status="Updating", config="old", message="", share=None, at=60, modified="after", **more):
    stages = ("Baking",) if message else ()
    return EndpointStatus(
        START + timedelta(seconds=at), status, config, "new", modified, "", stages, message, START, share, **more
    )


class FakeJudgement:
    """Notes whether known requests are sent."""

    def __init__(self):
        self.driven, self.sent = [], ""

    def look(self, endpoint, drive, states, left):
        self.driven.append(drive)
        return Decision("undecided", "no answer of the new fleet yet")


class View:
    def __init__(self):
        self.shown, self.errors = [], []
        self.show, self.show_error = self.shown.append, self.errors.append


@pytest.fixture
def follow(context, service, monkeypatch):
    """Follows these statuses (or errors) to their end."""

    def run(*statuses):
        waiting, view = list(statuses), View()

        def next_status(*_):
            status = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            if isinstance(status, Exception):
                raise status
            return status

        service("sagemaker")
        service("cloudwatch", describe_alarms=lambda **_: {"MetricAlarms": [{"AlarmName": "a", "StateValue": "OK"}]})
        monkeypatch.setattr(watch, "read_endpoint", next_status)
        monkeypatch.setattr(watch, "read_both_fleets", lambda *_: (FleetMetrics(), FleetMetrics(9)))
        live = FakeJudgement()
        return Watch(context, DEPLOYMENT, CANARY, live, view).follow(), view, live.driven

    return run


def test_until_it_no_longer_changes(follow):
    last = status_of("InService", "new")
    final, view, _ = follow(status_of(), status_of("RollingBack"), last)
    assert final is last
    assert [snapshot.endpoint.status for snapshot in view.shown] == ["Updating", "RollingBack", "InService"]


def test_an_update_that_does_not_show_yet_is_awaited_but_not_for_ever(follow):
    stale = status_of("InService", "old", modified="before")
    assert follow(stale, stale, status_of(), status_of("InService", "new"))[0].config == "new"
    final, view, _ = follow(stale)
    assert (final, len(view.shown)) == (stale, watch.STALE_POLLS + 1)


def test_in_service_on_the_old_config_ends_it(follow):
    assert follow(status_of(), status_of("InService", "old"))[0].config == "old"


def test_a_network_that_comes_back_is_an_error_but_does_not_end_it(follow, refuse):
    final, view, _ = follow(refuse("ThrottlingException"), status_of("InService", "new"))
    assert (final.config, len(view.errors)) == ("new", 1)
    with pytest.raises(Exception, match="AccessDenied"):
        follow(refuse("AccessDenied"))


def test_taking_longer_than_any_timeout_is_a_problem(follow):
    with pytest.raises(Problem, match="is Updating for 181 minutes, longer than any timeout"):
        follow(status_of(at=10_860))


def test_known_requests_through_every_wait_and_not_while_it_goes_back(follow):
    statuses = (
        EndpointStatus(START, "Updating", "old", stages=("Creating",)),
        status_of(message=WAIT),
        status_of(message=LAST),
        status_of("RollingBack"),
        status_of("InService", "old"),
    )
    assert follow(*statuses)[2] == [True, True, True, False, False]


@pytest.mark.parametrize(
    ("message", "share", "plan", "expected"),
    [
        (WAIT, 0.1, CANARY, 540 + 300),
        (LAST, 1.0, CANARY, 240),
        (WAIT, 0.25, LINEAR, 540 + 2 * 600 + 300),
        (WAIT, 0.75, LINEAR, 540 + 300),
        ("", None, CANARY, None),
        ("Launching 4 instance(s).", None, CANARY, None),
    ],
)
def test_the_time_left(message, share, plan, expected):
    assert time_left(status_of(message=message, share=share), plan) == expected


def snapshot(alarm="OK", decision=None, sent="", **more):
    return Snapshot(
        status_of(message=WAIT, share=0.1, **more),
        {"a": alarm},
        FleetMetrics(5, 1, 0, 4.0, 9.0),
        FleetMetrics(),
        sent,
        90.0,
        decision,
    )


def test_lines_show_stages_alarms_and_now_and_then_the_metrics():
    written, times = [], [0.0]
    lines = PlainLines(written.append, lambda: times[0])
    for each in (snapshot(), snapshot(), snapshot("ALARM"), snapshot("ALARM")):
        lines.show(each)
    times[0] = 31.0
    lines.show(snapshot("OK"))
    first = "Updating (Baking), 10% of the traffic on the new fleet, 1 min 30 s to bake"
    metrics = "new: 5 requests, 1 5xx, 0 4xx, p50 4.0 ms, p99 9.0 ms"
    assert written[0] == f"09:01:00 UTC  {first}; {metrics}"
    assert [line.partition("  ")[2] for line in written[1:]] == ["alarm a: ALARM", "alarm a: OK", f"{first}; {metrics}"]


def test_lines_say_how_fast_the_clock_is_that_their_times_are_by():
    written = []
    PlainLines(written.append).show(snapshot(speed=80))
    assert written[0].startswith("09:01:00 UTC (80 x real time)  Updating (Baking)")


def test_a_line_for_every_decision_of_the_judgement():
    written = []
    lines = PlainLines(written.append, lambda: 0.0)
    for outcome in ("undecided", "passed so far", "passed so far", "fail"):
        lines.show(snapshot(decision=Decision(outcome, f"{outcome} it is")))
    assert [line.partition("  ")[2] for line in written[1:]] == [
        "judgement: passed so far, passed so far it is",
        "judgement: fail, fail it is",
    ]


def test_lines_show_an_error_once():
    written = []
    lines = PlainLines(written.append)
    for _ in range(3):
        lines.show_error(OSError("no\nnetwork"))
    assert written == ["no response, retrying: no network"]


def test_the_live_table_has_all_of_it():
    out = io.StringIO()
    with FleetsTable(Console(file=out, width=120, force_terminal=True)) as table:
        table.show(snapshot("ALARM", Decision("fail", "3.0 times as slow")))
        table.show_error(OSError("gone"))
    for part in (
        "09:01:00 UTC  Updating (Baking)",
        "10% of the traffic",
        "1 min 30 s",
        "requests",
        "9.0 ms",
        "ALARM",
        "judgement: fail, 3.0 times as slow",
        "retrying: gone",
    ):
        assert part in out.getvalue()


def test_reading_the_endpoint_reads_the_share_and_the_time_of_aws(refuse):
    response = {
        "EndpointStatus": "Updating",
        "EndpointConfigName": "old",
        "LastModifiedTime": START,
        "FailureReason": "no model:\n- not a tar\n",
        "PendingDeploymentSummary": {
            "EndpointConfigName": "new",
            "ProductionVariants": [
                {
                    "DesiredInstanceCount": 4,
                    "VariantStatus": [{"Status": "Baking", "StatusMessage": WAIT, "StartTime": START}],
                }
            ],
        },
        "ResponseMetadata": {"HTTPHeaders": {"date": "Mon, 05 Jan 2026 09:01:00 GMT"}},
    }

    class FakeSageMaker:
        def describe_endpoint(self, EndpointName):
            return response

    endpoint = read_endpoint(FakeSageMaker(), "e")
    assert (endpoint.share, endpoint.baking, endpoint.pending) == (0.25, True, "new")
    assert endpoint.at == START + timedelta(seconds=60)
    assert endpoint.failure == "no model: - not a tar"
