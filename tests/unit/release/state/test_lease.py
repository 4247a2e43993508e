"""One deployment at a time, whichever run dies, is suspended or starts at the same moment."""

import json
import time
from dataclasses import replace

import pytest

from release.state.deployment import Deployment
from release.state.lease import Lease
from settings.errors import Problem

KEY = "churn/releases/churn-local/deployment.json"
DEPLOYMENT = Deployment("arn:package/1", "c", "m", "b", "", "2026-01-05T09:00:00+00:00", True, ("alarm",))


@pytest.fixture
def long_timeout(context):
    """So long that no other thread is late. The tests end before it."""
    object.__setattr__(context, "timing", replace(context.timing, lease_timeout=30.0))


def document(s3):
    return json.loads(s3.objects[KEY])


def abandoned(s3, deployment=DEPLOYMENT):
    """The lease that a killed run leaves."""
    s3.objects[KEY] = json.dumps({"owner": "dead", "beat": 7, "deployment": deployment.as_dict()}).encode()


def test_it_is_released_and_can_be_acquired_again(context, s3):
    for _ in range(2):
        with Lease(context):
            assert document(s3)["owner"]
        assert document(s3)["owner"] == ""
    assert context.lines == []


def test_a_live_lease_refuses_others_with_what_is_under_way(context, s3, long_timeout):
    with Lease(context) as lease:
        lease.record(DEPLOYMENT)
        with pytest.raises(Problem, match="another deployment of churn-local is under way .arn:package/1 since 2026"):
            Lease(context).__enter__()


def test_an_abandoned_lease_is_taken_over_with_its_deployment(context, s3):
    abandoned(s3)
    with Lease(context) as lease:
        assert lease.deployment == DEPLOYMENT
        assert document(s3)["owner"] not in ("", "dead")
    assert context.lines[-1] == "it is not: continuing where it ended"


def test_a_lease_that_is_released_meanwhile_is_free(context, s3, long_timeout):
    abandoned(s3)
    released = json.dumps({"owner": "", "beat": 8, "deployment": None}).encode()
    object.__setattr__(context, "sleep", lambda _: s3.objects.update({KEY: released}))
    with Lease(context) as lease:
        assert lease.deployment is None


def test_of_two_at_the_same_moment_one_wins(context, s3, long_timeout):
    other = json.dumps({"owner": "other", "beat": 1, "deployment": None}).encode()
    s3.before_put.append(lambda: s3.objects.update({KEY: other}))
    beats = iter(range(2, 1000))

    def beat(_):
        s3.objects[KEY] = json.dumps({"owner": "other", "beat": next(beats), "deployment": None}).encode()

    object.__setattr__(context, "sleep", beat)
    with pytest.raises(Problem, match="is under way .it has just started"):
        Lease(context).__enter__()
    assert document(s3)["owner"] == "other"


def test_a_run_that_was_suspended_too_long_stops_and_leaves_it_to_the_other(context, s3):
    with Lease(context) as lease:
        stolen = json.dumps({"owner": "other", "beat": 1, "deployment": None}).encode()
        s3.objects[KEY] = stolen
        end = time.monotonic() + 30
        with pytest.raises(Problem, match="another run has taken over"):
            while time.monotonic() < end:
                lease.check()
                time.sleep(0.005)
    assert s3.objects[KEY] == stolen


def test_a_run_that_wakes_up_checks_before_it_changes_anything(context, s3, monkeypatch):
    """It sent no heartbeat either while it was suspended."""
    object.__setattr__(context, "timing", replace(context.timing, heartbeat=60.0))
    with Lease(context) as lease:
        lease.check()
        s3.objects[KEY] = stolen = b'{"owner": "other"}'
        lease.check()
        awake = time.time() + 3600
        monkeypatch.setattr(time, "time", lambda: awake)
        with pytest.raises(Problem, match="another run has taken over"):
            lease.check()
    assert s3.objects[KEY] == stolen


def test_a_run_that_cannot_write_any_more_changes_nothing_more(context, s3, monkeypatch):
    """A waiting run takes it over by then."""
    object.__setattr__(context, "timing", replace(context.timing, heartbeat=60.0, lease_timeout=600.0))
    with pytest.raises(Problem, match=r"deployment.json could not be written for \d+ s"), Lease(context) as lease:
        monkeypatch.setattr(s3, "put_object", lambda **_: 1 / 0)
        began = time.time()
        monkeypatch.setattr(time, "time", lambda: began + 300)
        lease.check()
        monkeypatch.setattr(time, "time", lambda: began + 700)
        lease.check()


def test_a_run_that_lost_it_records_nothing(context, s3):
    with Lease(context) as lease:
        s3.objects[KEY] = b'{"owner": "other"}'
        with pytest.raises(Problem, match="taken over"):
            lease.record(DEPLOYMENT)


def test_it_is_released_after_an_error_with_the_deployment_that_has_no_verdict(context, s3):
    with pytest.raises(ZeroDivisionError), Lease(context) as lease:
        lease.record(DEPLOYMENT)
        raise ZeroDivisionError
    assert (document(s3)["owner"], document(s3)["deployment"]) == ("", DEPLOYMENT.as_dict())


BAD_TIME = {**DEPLOYMENT.as_dict(), "since": "yesterday"}


@pytest.mark.parametrize(
    "body",
    [b"<html>", *(json.dumps({"deployment": record}).encode() for record in ("x", 7, {"package": "x"}, BAD_TIME))],
)
def test_an_invalid_record_is_a_problem(context, s3, body):
    s3.objects[KEY] = body
    with pytest.raises(Problem, match="deployment.json is not a valid release record"):
        Lease(context).__enter__()
