"""Following an endpoint, and what people see of it."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from release.plan.rollout import Watch
from release.state.deployment import Deployment
from release.state.endpoint import Look, look
from release.watch import watch
from release.watch.fleet_metrics import Numbers
from release.watch.table import FleetsTable, Lines
from release.watch.traffic import Counts, Traffic
from release.watch.watch import Follower, Snapshot, left
from settings.errors import Problem

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
CANARY = Watch("canary", 10, 1, 600, 300, 7200)
LINEAR = Watch("linear", 25, 3, 600, 300, 7200)
DEPLOYMENT = Deployment("p", "new", "m", "old", "before", START.isoformat(), True, ("a",))
WAIT = "Baking for 600 seconds (WaitIntervalInSeconds) with traffic enabled on canary capacity of 1 instance(s)."
LAST = "Baking for 300 seconds (TerminationWaitInSeconds) with traffic enabled on full capacity of 4 instance(s)."


def seen(status="Updating", config="old", message="", share=None, at=60, modified="after", **more):
    stages = ("Baking",) if message else ()
    return Look(
        START + timedelta(seconds=at), status, config, "new", modified, "", stages, message, START, share, **more
    )


class View:
    def __init__(self):
        self.shown, self.errors = [], []
        self.show, self.show_error = self.shown.append, self.errors.append


@pytest.fixture
def follow(site, service, monkeypatch):
    """Follows these looks (or errors) to their end."""

    def run(*looks, green=Numbers()):  # noqa: B008 - frozen
        waiting, view = list(looks), View()

        def next_look(*_):
            found = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            if isinstance(found, Exception):
                raise found
            return found

        service("sagemaker")
        service("cloudwatch", describe_alarms=lambda **_: {"MetricAlarms": [{"AlarmName": "a", "StateValue": "OK"}]})
        monkeypatch.setattr(watch, "look", next_look)
        monkeypatch.setattr(watch, "counted", lambda *_: (green, Numbers(9)))
        traffic = Traffic(None, "e", [b"1"], 1)
        wanted = []
        traffic.drive = wanted.append
        return Follower(site, DEPLOYMENT, CANARY, traffic, view).follow(), view, wanted

    return run


def test_until_it_no_longer_moves(follow):
    end = seen("InService", "new")
    final, view, _ = follow(seen(), seen("RollingBack"), end)
    assert final is end
    assert [snapshot.look.status for snapshot in view.shown] == ["Updating", "RollingBack", "InService"]


def test_an_update_that_does_not_show_yet_is_waited_for_but_not_for_ever(follow):
    stale = seen("InService", "old", modified="before")
    assert follow(stale, stale, seen(), seen("InService", "new"))[0].config == "new"
    final, view, _ = follow(stale)
    assert (final, len(view.shown)) == (stale, watch.UNSEEN + 1)


def test_in_service_on_the_old_config_is_an_end(follow):
    assert follow(seen(), seen("InService", "old"))[0].config == "old"


def test_a_network_that_comes_back_is_an_error_but_no_end(follow, refuse):
    final, view, _ = follow(refuse("ThrottlingException"), seen("InService", "new"))
    assert (final.config, len(view.errors)) == ("new", 1)
    with pytest.raises(Exception, match="AccessDenied"):
        follow(refuse("AccessDenied"))


def test_what_takes_longer_than_any_timeout_is_a_sentence(follow):
    with pytest.raises(Problem, match="is Updating for 181 minutes, longer than any timeout"):
        follow(seen(at=10_860))


def test_bake_traffic_only_while_it_bakes_and_below_the_floor(follow):
    looks = (Look(START, "Updating", "old", stages=("Creating",)), seen(message=WAIT), seen("InService", "new"))
    assert follow(*looks)[2] == [False, True, False]
    assert follow(*looks, green=Numbers(10_000))[2] == [False, False, False]


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
    assert left(seen(message=message, share=share), plan) == expected


def snapshot(alarm="OK", **more):
    return Snapshot(
        seen(message=WAIT, share=0.1, **more), {"a": alarm}, Numbers(5, 1, 0, 4.0, 9.0), Numbers(), Counts(), 90.0
    )


def test_lines_tell_stages_alarms_and_now_and_then_the_numbers():
    written, times = [], [0.0]
    lines = Lines(written.append, lambda: times[0])
    for each in (snapshot(), snapshot(), snapshot("ALARM"), snapshot("ALARM")):
        lines.show(each)
    times[0] = 31.0
    lines.show(snapshot("OK"))
    first = "Updating (Baking), 10% of the traffic on the new fleet, 1 min 30 s to bake"
    numbers = "new: 5 requests, 1 5xx, 0 4xx, p50 4.0 ms, p99 9.0 ms"
    assert written[0] == f"09:01:00  {first}; {numbers}"
    assert [line[10:] for line in written[1:]] == ["alarm a: ALARM", "alarm a: OK", f"{first}; {numbers}"]


def test_lines_show_an_error_once():
    written = []
    lines = Lines(written.append)
    for _ in range(3):
        lines.show_error(OSError("no\nnetwork"))
    assert written == ["no response, retrying: no network"]


def test_the_live_table_has_all_of_it():
    out = io.StringIO()
    with FleetsTable(Console(file=out, width=120, force_terminal=True)) as table:
        table.show(snapshot("ALARM"))
        table.show_error(OSError("gone"))
    for part in (
        "Updating (Baking)",
        "10% of the traffic",
        "1 min 30 s",
        "requests",
        "9.0 ms",
        "ALARM",
        "retrying: gone",
    ):
        assert part in out.getvalue()


def test_a_look_reads_the_share_and_awss_time(refuse):
    told = {
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
            return told

    found = look(FakeSageMaker(), "e")
    assert (found.share, found.baking, found.pending) == (0.25, True, "new")
    assert found.at == START + timedelta(seconds=60)
    assert found.failure == "no model: - not a tar"
