"""The good releases, and the way back among them."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ReadTimeoutError, ResponseStreamingError

from release.state import records
from release.state.deployment import Deployment
from release.state.records import Good
from settings.errors import Problem

KEY = "churn/releases/churn-local/last-good.json"


def good(number, config="c", withdrawn=""):
    return Good(
        f"arn:package/{number}", f"{config}{number}", "m", "image", "sha256:1", "c0ffee", f"t{number}", withdrawn
    )


class Breaking:
    """The body of an answer whose connection does not last."""

    def __init__(self, error):
        self.error = error

    def read(self):
        raise self.error


def packages(site):
    return [(each.package[-1], bool(each.withdrawn)) for each in records.last_good(site)]


def test_the_newest_first_and_the_same_twice_is_once(site):
    for number in (1, 2, 2):
        records.note_good(site, good(number))
    assert packages(site) == [("2", False), ("1", False)]


def test_the_time_of_a_release_is_that_of_its_first_record(site):
    records.note_good(site, good(1))
    records.note_good(site, Good("arn:package/1", "c1", "m", "", "", "", "later"))
    assert records.last_good(site)[0].time == "t1"


def test_one_that_was_deployed_anew_has_the_new_time(site):
    nine, ten, eleven = (f"2026-01-05T{hour:02}:00:00+00:00" for hour in (9, 10, 11))
    first, anew = (Good("arn:package/1", "c1", "m", "", "", "", time) for time in (nine, eleven))
    records.note_good(site, first)
    records.note_good(site, anew, since=ten)
    records.note_good(site, replace(anew, time="later"), since=ten)  # an interrupted run's, judged again
    assert records.last_good(site) == [anew]


@pytest.mark.parametrize("releases", [None, ["x"], [{"package": "arn:package/1"}], [7]])
def test_a_damaged_list_is_a_sentence(site, s3, releases):
    s3.objects[KEY] = json.dumps({"releases": releases}).encode()
    with pytest.raises(Problem, match="last-good.json is no record of ours .*: look at it, mend it or delete it"):
        records.last_good(site)


def test_a_connection_that_breaks_in_the_middle_of_a_record_is_waited_out(site, s3, monkeypatch):
    records.note_good(site, good(1))
    whole, broken = s3.get_object, [ReadTimeoutError(endpoint_url="s3"), ResponseStreamingError(error="reset")]

    def get_object(**request):
        answer = whole(**request)
        return answer if not broken else answer | {"Body": Breaking(broken.pop())}

    monkeypatch.setattr(s3, "get_object", get_object)
    assert packages(site) == [("1", False)]
    assert broken == []


def test_the_way_back_is_the_last_good_one_or_from_there_the_one_before(site):
    assert records.way_back([], "arn:package/9") is None
    releases = [good(3), good(2), good(1)]
    assert records.way_back(releases, "arn:package/9") == good(3)
    assert records.way_back(releases, "arn:package/3") == good(2)
    assert records.way_back([good(3)], "arn:package/3") is None


def test_after_the_way_back_there_is_no_way_forward_to_what_was_left(site):
    for number in (1, 2, 3):
        records.note_good(site, good(number))
    records.note_good(site, good(2, "again"), leaves="arn:package/3")
    assert packages(site) == [("2", False), ("3", True), ("2", False), ("1", False)]
    assert records.way_back(records.last_good(site), "arn:package/2").package == "arn:package/1"


def test_a_withdrawn_one_that_ships_again_is_good_again(site):
    records.note_good(site, good(1, withdrawn="then"))
    records.note_good(site, good(2))
    records.note_good(site, good(1, "new"))
    assert packages(site)[0] == ("1", False)


def test_a_release_that_was_gone_back_to_counts_once():
    releases = [good(1), good(2, withdrawn="then"), good(1), good(3), good(1, "other")]
    assert records.standing(releases) == [good(1), good(3), good(1, "other")]


@pytest.mark.parametrize(
    ("container", "deployed", "digest"),
    [
        ({"Image": "repository:1"}, "repository@sha256:2", "sha256:2"),
        ({"Image": "repository:1", "ImageDigest": "sha256:1"}, "repository@sha256:2", "sha256:1"),
        ({"Image": "repository:1"}, "repository:1", ""),
    ],
)
def test_the_digest_is_the_packages_or_that_of_what_runs(container, deployed, digest):
    deployment = Deployment("arn:package/1", "c1", "m1", "b", "", "t", True, ())
    package = {"InferenceSpecification": {"Containers": [container]}}
    now = datetime(2026, 1, 5, tzinfo=UTC)
    assert records.good(deployment, package, now, deployed).image_digest == digest


def test_a_later_versions_record_is_read(site, s3):
    s3.objects[KEY] = json.dumps({"releases": [{**good(1).__dict__, "mood": "sunny"}]}).encode()
    assert records.last_good(site) == [good(1)]


def test_the_list_is_bounded(site):
    for number in range(60):
        records.note_good(site, good(number))
    assert len(records.last_good(site)) == records.MOST
