"""The new fleet compared with the old one: what is a difference, and what is chance."""

import pytest

from release.verdict.comparison import compare
from release.watch.fleet_metrics import FleetMetrics
from settings.loader import load

LIMITS = load("local").alarms.model_copy(
    update={"traffic_floor": 20, "error_rate": 0.01, "error_4xx_rate": 0.2, "latency_ms": 500}
)
OLD = FleetMetrics(1000, 2, 10, 5.0, 90.0, 90.0)


def outcome(green, blue=OLD, limits=LIMITS):
    return compare(green, blue, limits).outcome


def test_equal_fleets_pass_with_their_metrics():
    found = compare(FleetMetrics(100, 0, 1, 5.0, 95.0, 95.0), OLD, LIMITS)
    assert found.outcome == "pass"
    assert found.sentence == "new 100 requests, 0 5xx, 1 4xx, p99 95 ms; old 1000 requests, 2 5xx, 10 4xx, p99 90 ms"


@pytest.mark.parametrize(("requests", "expected"), [(0, "inconclusive"), (19, "inconclusive"), (20, "pass")])
def test_below_the_floor_it_is_inconclusive(requests, expected):
    assert outcome(FleetMetrics(requests, 0, 0)) == expected


def test_few_requests_are_inconclusive_even_when_all_of_them_failed():
    assert outcome(FleetMetrics(3, 3, 0)) == "inconclusive"


@pytest.mark.parametrize(("errors", "expected"), [(0, "pass"), (1, "pass"), (10, "fail"), (100, "fail")])
def test_more_server_errors(errors, expected):
    found = compare(FleetMetrics(100, errors, 0), OLD, LIMITS)
    assert found.outcome == expected
    if expected == "fail":
        assert f"5xx of the new fleet: {errors} of 100 requests" in found.sentence


def test_one_error_in_twenty_is_chance_but_not_in_a_hundred_times_as_many():
    assert outcome(FleetMetrics(20, 1, 0), FleetMetrics(180, 1, 0)) == "pass"
    assert outcome(FleetMetrics(2000, 100, 0), FleetMetrics(18_000, 100, 0)) == "fail"


def test_an_old_fleet_as_bad_as_the_new_one_is_no_difference():
    assert outcome(FleetMetrics(100, 50, 0), FleetMetrics(100, 50, 0)) == "pass"


def test_without_an_old_fleet_two_errors_are_not_chance():
    assert outcome(FleetMetrics(20, 1, 0), FleetMetrics()) == "pass"
    assert outcome(FleetMetrics(20, 2, 0), FleetMetrics()) == "fail"


@pytest.mark.parametrize(("errors", "expected"), [(20, "pass"), (40, "fail")])
def test_more_refused_requests(errors, expected):
    assert outcome(FleetMetrics(100, 0, errors)) == expected


@pytest.mark.parametrize(("latency", "expected"), [(95.0, "pass"), (240.0, "pass"), (260.0, "fail"), (501.0, "fail")])
def test_slower_than_twice_the_old_one_and_half_of_what_is_allowed(latency, expected):
    assert outcome(FleetMetrics(100, 0, 0, 5.0, 5.0, latency)) == expected


def test_a_limit_of_zero_is_no_limit():
    none = LIMITS.model_copy(update={"error_rate": 0.0, "error_4xx_rate": 0.0, "latency_ms": 0})
    assert outcome(FleetMetrics(100, 100, 100, 9e3, 9e3, 9e3), OLD, none) == "pass"


def test_many_requests_take_no_time():
    assert outcome(FleetMetrics(300_000, 9_000, 0), FleetMetrics(3_000_000, 3_000, 0)) == "fail"
