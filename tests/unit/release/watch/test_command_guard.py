"""The guard by the command: what takes a release back, what is stored before, and how another run continues it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from release import judge
from release.invocation import Request
from release.state import judgement_record
from release.state.deployment import Deployment
from release.state.endpoint import EndpointStatus
from release.state.judgement_record import Abort
from release.watch import command_guard
from release.watch import take_back as take_back_module
from release.watch.clock import Deadline
from release.watch.command_guard import LEAST, CommandGuard
from release.watch.fleet_metrics import FleetMetrics
from release.watch.promises import Promises
from release.watch.take_back import take_back
from release.watch.traffic import THROTTLED, Counts, Reply
from settings.errors import Problem

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
DEPLOYMENT = Deployment("arn:model-package/churn/7", "new", "m", "old", "t", START.isoformat(), True, ("errors",))
ROW = Request(b"1,basic")
RIGHT, FAILED = Reply(ROW, 200), Reply(ROW, 500)


class FakeEndpoint:
    """Serves "new"; each look is ten seconds later."""

    def __init__(self):
        self.status, self.config, self.pending, self.looks, self.updates = "InService", "new", "", 0, []
        self.polls = 0  # for which it is Updating
        self.scales = 0  # how often autoscaling begins right before an update

    def read(self, *_):
        self.looks += 1
        if self.status == "Updating" and self.polls == 0:
            self.status, self.config = "InService", self.pending or self.config
        self.polls = max(0, self.polls - 1)
        at = START + timedelta(seconds=10 * self.looks)
        return EndpointStatus(at, self.status, self.config, self.pending, f"{self.status} {self.config}")

    def describe_endpoint(self, EndpointName):
        return {"EndpointStatus": self.status, "EndpointConfigName": self.config}

    def update_endpoint(self, EndpointName, EndpointConfigName):
        if self.status == "InService" and self.scales:
            self.status, self.pending, self.polls, self.scales = "Updating", "", 2, self.scales - 1
        if self.status != "InService":
            message = 'Cannot update in-progress endpoint "arn".'
            raise ClientError({"Error": {"Code": "ValidationException", "Message": message}}, "UpdateEndpoint")
        self.updates.append(EndpointConfigName)
        self.status, self.pending, self.polls = "Updating", EndpointConfigName, 2


class FakeTraffic:
    """Every look takes the next of these batches of replies."""

    batches = ()

    def __init__(self, runtime, endpoint, requests, rate, threads):
        assert threads == 1
        self.counts, self._batches = Counts(len(requests)), list(self.batches)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def drive(self, active, speed):
        pass

    def take(self):
        return self._batches.pop(0) if self._batches else []


@pytest.fixture
def endpoint(context, service, monkeypatch):
    fake = FakeEndpoint()
    service("sagemaker", update_endpoint=fake.update_endpoint, describe_endpoint=fake.describe_endpoint)
    service("sagemaker-runtime")
    service("sts", get_caller_identity=lambda: {"Arn": "arn:role"})
    monkeypatch.setattr(take_back_module, "read_endpoint", fake.read)
    monkeypatch.setattr(command_guard, "read_both_fleets", lambda *_: (FleetMetrics(), FleetMetrics()))
    monkeypatch.setattr(command_guard, "Traffic", FakeTraffic)
    return fake


@pytest.fixture
def guard(context, endpoint, service, monkeypatch):
    """Judges with these replies; ``smoke``: its lines and result, or a problem. Returns the endpoint at the end."""

    def judge(*batches, smoke=(["ok   text/csv"], True), alarm="OK", wrong=None, seconds=60):
        def run_smoke(*_, bad):
            assert not bad, "alarms would count it"
            if isinstance(smoke, Exception):
                raise smoke
            return smoke

        monkeypatch.setattr(command_guard, "smoke", run_smoke)
        monkeypatch.setattr(FakeTraffic, "batches", batches)
        promised = SimpleNamespace(requests=[ROW], difference=lambda reply: wrong)
        monkeypatch.setattr(command_guard.promises, "read", lambda *_: promised if wrong else Promises([ROW]))
        alarms = {"MetricAlarms": [{"AlarmName": "errors", "StateValue": alarm}]}
        service("cloudwatch", describe_alarms=lambda **_: alarms)
        view = SimpleNamespace(show=lambda _: None)
        return CommandGuard(context, DEPLOYMENT, {}, seconds, view, lambda: None).judge()

    return judge


def record(context):
    return judgement_record.read(context, DEPLOYMENT)


def test_a_good_model_stays_after_the_whole_bake(context, endpoint, guard):
    assert guard([RIGHT] * 30).config == "new"
    assert endpoint.updates == []
    assert endpoint.looks >= 8  # sixty seconds, and one look before and after
    assert record(context).outcome == "passed so far"
    assert record(context).sentence == "the smoke test and 30 known requests are right"
    assert record(context).answers == 30


@pytest.mark.parametrize(
    ("replies", "more", "reason"),
    [
        ([RIGHT], {"smoke": (["ok   text/csv", "BAD  row 7: no"], False)}, "row 7: no"),
        ([RIGHT], {"alarm": "ALARM"}, "the alarm errors is in ALARM"),
        ([RIGHT], {"wrong": "row 7: 0.9 instead of 0.1"}, "it gives wrong answers: row 7: 0.9 instead of 0.1"),
        ([RIGHT] * LEAST + [FAILED] * 2, {}, f"2 of {LEAST + 2} known requests failed"),
    ],
)
def test_what_takes_it_back(context, endpoint, guard, replies, more, reason):
    end = guard(replies, **more)
    assert (end.status, end.config, endpoint.updates) == ("InService", "old", ["old"])
    assert (record(context).outcome, record(context).sentence) == ("fail", reason)
    assert f"taken back: {reason}" in context.lines


def test_a_person_takes_it_back(context, endpoint, guard):
    judgement_record.write_abort(context, DEPLOYMENT, Abort("arn:ann", START.isoformat(), "too early"))
    assert guard([RIGHT]).config == "old"
    assert record(context).sentence.endswith("too early")


@pytest.mark.parametrize(
    "replies",
    [
        [RIGHT] * LEAST + [Reply(ROW, THROTTLED)] * 100,  # no model has seen those
        [FAILED] * (LEAST - 1),  # too few to say something
        [RIGHT] * 100 + [FAILED] * 4,  # below judgement.severe_error_points
    ],
)
def test_what_does_not(endpoint, guard, replies):
    assert guard(replies).config == "new"
    assert endpoint.updates == []


def test_without_recorded_requests_it_is_undecided(context, endpoint, guard):
    assert guard(smoke=Problem("there are no recorded requests")).config == "new"
    assert (record(context).outcome, endpoint.updates) == ("undecided", [])


def test_a_release_that_autoscaling_changes_at_the_end_is_not_called_failed(endpoint, guard, monkeypatch):
    before = FakeTraffic.__exit__

    def scaling(*arguments):
        endpoint.status, endpoint.polls = "Updating", 3
        return before(*arguments)

    monkeypatch.setattr(FakeTraffic, "__exit__", scaling)
    assert (guard([RIGHT]).status, endpoint.updates) == ("InService", [])


def test_it_does_not_wait_for_ever(context, endpoint, monkeypatch):
    monkeypatch.setattr(Deadline, "least_real", 0)
    endpoint.status, endpoint.polls = "Updating", 10_000
    with pytest.raises(Problem, match="is Updating for an hour: inspect it .* the same command continues"):
        take_back(context, DEPLOYMENT, lambda: None)


def test_it_waits_for_autoscaling_before_it_goes_back(endpoint, guard, monkeypatch):
    before = command_guard.take_back

    def scaling(*arguments):
        endpoint.status, endpoint.polls = "Updating", 3
        return before(*arguments)

    monkeypatch.setattr(command_guard, "take_back", scaling)
    assert guard([RIGHT], alarm="ALARM").config == "old"


def test_autoscaling_that_begins_right_before_it_does_not_keep_the_bad_model_live(endpoint, guard):
    endpoint.scales = 2
    assert guard([RIGHT], alarm="ALARM").config == "old"
    assert endpoint.updates == ["old"]


def test_what_aws_refuses_for_ever_is_an_error(context, endpoint):
    endpoint.scales = 10_000
    with pytest.raises(ClientError, match="in-progress"):
        take_back(context, DEPLOYMENT, lambda: None)


def test_what_somebody_else_deployed_is_left_alone(context, endpoint):
    endpoint.config = "theirs"
    assert take_back(context, DEPLOYMENT, lambda: None).config == "theirs"
    assert endpoint.updates == []


def test_a_failure_is_stored_before_it_goes_back_and_another_run_goes_on(context, endpoint, guard, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(command_guard, "take_back", killed)
        with pytest.raises(KeyboardInterrupt):
            guard([RIGHT], alarm="ALARM")
    assert (endpoint.updates, record(context).outcome) == ([], "fail")
    assert guard([RIGHT] * 30, smoke=AssertionError("it has failed already")).config == "old"
    assert endpoint.updates == ["old"]


def test_what_was_taken_back_by_a_killed_run_counts_as_sent(context, endpoint, guard, monkeypatch):
    """Else the next run would deploy it again."""
    guard([RIGHT], smoke=(["BAD  row 7: no"], False))
    end = endpoint.read()
    monkeypatch.setattr(judge, "_alarm_events", lambda *_: ())
    assert judge._was_sent(context, DEPLOYMENT, end)
    assert not judge._was_sent(context, replace(DEPLOYMENT, config="other"), end)
