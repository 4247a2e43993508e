"""The good releases, and which of them a rollback goes to."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ReadTimeoutError, ResponseStreamingError

from release.state import records
from release.state.deployment import Deployment
from release.state.records import GoodRelease
from settings.errors import Problem

KEY = "churn/releases/churn-local/last-good.json"


def good(number, config="c", withdrawn=""):
    return GoodRelease(
        f"arn:package/{number}", f"{config}{number}", "m", "image", "sha256:1", "c0ffee", f"t{number}", withdrawn
    )


class Breaking:
    """The body of a response whose connection breaks."""

    def __init__(self, error):
        self.error = error

    def read(self):
        raise self.error


def packages(context):
    return [(release.package[-1], bool(release.withdrawn)) for release in records.last_good(context)]


def test_the_newest_first_and_the_same_twice_is_once(context):
    for number in (1, 2, 2):
        records.add_good_release(context, good(number))
    assert packages(context) == [("2", False), ("1", False)]


def test_the_time_of_a_release_is_that_of_its_first_record(context):
    records.add_good_release(context, good(1))
    records.add_good_release(context, GoodRelease("arn:package/1", "c1", "m", "", "", "", "later"))
    assert records.last_good(context)[0].time == "t1"


def test_one_that_was_deployed_again_has_the_new_time(context):
    nine, ten, eleven = (f"2026-01-05T{hour:02}:00:00+00:00" for hour in (9, 10, 11))
    first, again = (GoodRelease("arn:package/1", "c1", "m", "", "", "", time) for time in (nine, eleven))
    records.add_good_release(context, first)
    records.add_good_release(context, again, since=ten)
    records.add_good_release(context, replace(again, time="later"), since=ten)  # by an interrupted run, judged again
    assert records.last_good(context) == [again]


@pytest.mark.parametrize("releases", [None, ["x"], [{"package": "arn:package/1"}], [7]])
def test_an_invalid_list_is_a_problem(context, s3, releases):
    s3.objects[KEY] = json.dumps({"releases": releases}).encode()
    with pytest.raises(
        Problem, match="last-good.json is not a valid release record .*: inspect it, then fix or delete it"
    ):
        records.last_good(context)


def test_a_connection_that_breaks_in_the_middle_of_a_record_is_retried(context, s3, monkeypatch):
    records.add_good_release(context, good(1))
    whole, broken = s3.get_object, [ReadTimeoutError(endpoint_url="s3"), ResponseStreamingError(error="reset")]

    def get_object(**request):
        response = whole(**request)
        return response if not broken else response | {"Body": Breaking(broken.pop())}

    monkeypatch.setattr(s3, "get_object", get_object)
    assert packages(context) == [("1", False)]
    assert broken == []


def test_a_rollback_goes_to_the_last_good_one_or_from_there_to_the_one_before(context):
    assert records.rollback_target([], "arn:package/9") is None
    releases = [good(3), good(2), good(1)]
    assert records.rollback_target(releases, "arn:package/9") == good(3)
    assert records.rollback_target(releases, "arn:package/3") == good(2)
    assert records.rollback_target([good(3)], "arn:package/3") is None


def test_a_rollback_withdraws_the_release_that_it_leaves(context):
    for number in (1, 2, 3):
        records.add_good_release(context, good(number))
    records.add_good_release(context, good(2, "again"), leaves="arn:package/3")
    assert packages(context) == [("2", False), ("3", True), ("2", False), ("1", False)]
    assert records.rollback_target(records.last_good(context), "arn:package/2").package == "arn:package/1"


def test_a_withdrawn_one_that_ships_again_is_good_again(context):
    records.add_good_release(context, good(1, withdrawn="then"))
    records.add_good_release(context, good(2))
    records.add_good_release(context, good(1, "new"))
    assert packages(context)[0] == ("1", False)


def test_a_release_that_was_rolled_back_to_counts_once():
    releases = [good(1), good(2, withdrawn="then"), good(1), good(3), good(1, "other")]
    assert records.rollback_targets(releases) == [good(1), good(3), good(1, "other")]


@pytest.mark.parametrize(
    ("container", "deployed", "digest"),
    [
        ({"Image": "repository:1"}, "repository@sha256:2", "sha256:2"),
        ({"Image": "repository:1", "ImageDigest": "sha256:1"}, "repository@sha256:2", "sha256:1"),
        ({"Image": "repository:1"}, "repository:1", ""),
    ],
)
def test_the_digest_is_that_of_the_package_or_of_the_running_image(container, deployed, digest):
    deployment = Deployment("arn:package/1", "c1", "m1", "b", "", "t", True, ())
    package = {"InferenceSpecification": {"Containers": [container]}}
    now = datetime(2026, 1, 5, tzinfo=UTC)
    assert records.good_release(deployment, package, now, deployed).image_digest == digest


def test_a_record_of_a_later_version_is_read(context, s3):
    s3.objects[KEY] = json.dumps({"releases": [{**good(1).__dict__, "mood": "sunny"}]}).encode()
    assert records.last_good(context) == [good(1)]


def test_the_list_is_limited(context):
    for number in range(60):
        records.add_good_release(context, good(number))
    assert len(records.last_good(context)) == records.LIMIT
