"""One deployment at a time, whoever dies, sleeps or comes at the same moment."""

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
def patient(site):
    """Looks for so long that no other thread is late. It ends with what is looked for."""
    object.__setattr__(site, "pace", replace(site.pace, patience=30.0))


def document(s3):
    return json.loads(s3.objects[KEY])


def abandoned(s3, deployment=DEPLOYMENT):
    """What a run that was killed leaves."""
    s3.objects[KEY] = json.dumps({"owner": "dead", "beat": 7, "deployment": deployment.told()}).encode()


def test_it_is_given_back_and_can_be_taken_again(site, s3):
    for _ in range(2):
        with Lease(site):
            assert document(s3)["owner"]
        assert document(s3)["owner"] == ""
    assert site.said == []


def test_whoever_finds_it_beating_is_told_what_is_under_way(site, s3, patient):
    with Lease(site) as lease:
        lease.note(DEPLOYMENT)
        with pytest.raises(Problem, match="another deployment of churn-local is under way .arn:package/1 since 2026"):
            Lease(site).__enter__()


def test_one_that_rests_is_taken_over_with_its_deployment(site, s3):
    abandoned(s3)
    with Lease(site) as lease:
        assert lease.deployment == DEPLOYMENT
        assert document(s3)["owner"] not in ("", "dead")
    assert site.said[-1] == "it does not: going on from where it ended"


def test_one_that_is_given_back_while_we_look_is_free(site, s3, patient):
    abandoned(s3)
    given_back = json.dumps({"owner": "", "beat": 8, "deployment": None}).encode()
    object.__setattr__(site, "sleep", lambda _: s3.objects.update({KEY: given_back}))
    with Lease(site) as lease:
        assert lease.deployment is None


def test_of_two_in_the_same_moment_one_wins(site, s3, patient):
    other = json.dumps({"owner": "other", "beat": 1, "deployment": None}).encode()
    s3.before_put.append(lambda: s3.objects.update({KEY: other}))
    beats = iter(range(2, 1000))

    def beat(_):
        s3.objects[KEY] = json.dumps({"owner": "other", "beat": next(beats), "deployment": None}).encode()

    object.__setattr__(site, "sleep", beat)
    with pytest.raises(Problem, match="is under way .it has just begun"):
        Lease(site).__enter__()
    assert document(s3)["owner"] == "other"


def test_one_that_slept_too_long_stops_and_leaves_it_to_the_other(site, s3):
    with Lease(site) as lease:
        taken = json.dumps({"owner": "other", "beat": 1, "deployment": None}).encode()
        s3.objects[KEY] = taken
        end = time.monotonic() + 30
        with pytest.raises(Problem, match="another run has taken over"):
            while time.monotonic() < end:
                lease.check()
                time.sleep(0.005)
    assert s3.objects[KEY] == taken


def test_one_that_wakes_up_asks_before_it_changes_anything(site, s3, monkeypatch):
    """Its heart did not beat either while it slept."""
    object.__setattr__(site, "pace", replace(site.pace, beat=60.0))
    with Lease(site) as lease:
        lease.check()
        s3.objects[KEY] = taken = b'{"owner": "other"}'
        lease.check()
        awake = time.time() + 3600
        monkeypatch.setattr(time, "time", lambda: awake)
        with pytest.raises(Problem, match="another run has taken over"):
            lease.check()
    assert s3.objects[KEY] == taken


def test_one_that_cannot_write_any_more_changes_nothing_more(site, s3, monkeypatch):
    """Whoever waits for it takes it over by then."""
    object.__setattr__(site, "pace", replace(site.pace, beat=60.0, patience=600.0))
    with pytest.raises(Problem, match=r"deployment.json could not be written for \d+ s"), Lease(site) as lease:
        monkeypatch.setattr(s3, "put_object", lambda **_: 1 / 0)
        began = time.time()
        monkeypatch.setattr(time, "time", lambda: began + 300)
        lease.check()
        monkeypatch.setattr(time, "time", lambda: began + 700)
        lease.check()


def test_nothing_is_noted_by_one_that_lost_it(site, s3):
    with Lease(site) as lease:
        s3.objects[KEY] = b'{"owner": "other"}'
        with pytest.raises(Problem, match="taken over"):
            lease.note(DEPLOYMENT)


def test_it_is_given_back_after_an_error_with_what_has_no_verdict(site, s3):
    with pytest.raises(ZeroDivisionError), Lease(site) as lease:
        lease.note(DEPLOYMENT)
        raise ZeroDivisionError
    assert (document(s3)["owner"], document(s3)["deployment"]) == ("", DEPLOYMENT.told())


SOME = {**DEPLOYMENT.told(), "since": "yesterday"}


@pytest.mark.parametrize(
    "body", [b"<html>", *(json.dumps({"deployment": each}).encode() for each in ("x", 7, {"package": "x"}, SOME))]
)
def test_what_is_no_record_of_ours_is_a_sentence(site, s3, body):
    s3.objects[KEY] = body
    with pytest.raises(Problem, match="deployment.json is no record of ours"):
        Lease(site).__enter__()
