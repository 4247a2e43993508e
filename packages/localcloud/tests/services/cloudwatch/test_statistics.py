from __future__ import annotations

import random

import pytest

from localcloud.services.cloudwatch.statistics import MAX_VALUES, Bucket, find_statistic


def bucket(*values: float) -> Bucket:
    result = Bucket()
    for value in values:
        result.add(value)
    return result


def measure(name: str, *buckets: Bucket) -> float | None:
    statistic = find_statistic(name)
    assert statistic
    return statistic(buckets)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("SampleCount", 4), ("Sum", 10), ("Average", 2.5), ("Minimum", 1), ("Maximum", 4), ("p0", 1), ("p50", 2.5)],
)
def test_over_two_buckets(name: str, expected: float) -> None:
    assert measure(name, bucket(4, 1), bucket(2, 3)) == expected


def test_percentiles_are_interpolated() -> None:
    hundred = bucket(*range(1, 101))
    assert measure("p90", hundred) == pytest.approx(90.1)
    assert measure("p99", hundred) == pytest.approx(99.01)
    assert measure("p99.9", hundred) == pytest.approx(99.901)
    assert measure("p100", hundred) == 100
    assert measure("p50", bucket(7)) == 7


def test_counts_are_weights() -> None:
    weighed = Bucket()
    weighed.add(1, 98)
    weighed.add(100, 2)
    assert (measure("p50", weighed), measure("p97", weighed), measure("p99", weighed)) == (1, 1, 100)
    assert measure("Average", weighed) == pytest.approx(2.98)


def test_a_set_has_percentiles_only_when_its_values_are_the_same() -> None:
    sets = Bucket()
    sets.add_set(3, 6, 2, 2)
    assert measure("p90", sets) == 2
    sets.add_set(2, 30, 10, 20)
    assert measure("p90", sets) is None
    assert (measure("Sum", sets), measure("Maximum", sets), measure("SampleCount", sets)) == (36, 20, 5)
    mixed = bucket(1)
    mixed.merge(sets)
    assert measure("p50", mixed) is None


def test_many_values_stay_bounded_and_within_one_percent() -> None:
    chance = random.Random(7)  # noqa: S311
    values = sorted(chance.lognormvariate(10, 2) for _ in range(20_000))
    full = bucket(*values, -5.0, 0.0)
    assert full.values is not None
    assert len(full.values) < 2 * MAX_VALUES
    for percent in (50, 90, 99, 99.9):
        assert measure(f"p{percent}", full) == pytest.approx(values[int(percent / 100 * 20_000)], rel=0.02)
    assert measure("p0", full) == pytest.approx(-5, rel=0.01)
    assert measure("Maximum", full) == values[-1]
    assert measure("SampleCount", full) == 20_002


@pytest.mark.parametrize("name", ["p", "p101", "p99.12345678901", "tm99", "IQM", "sum", "P99", "p-1", "p5 "])
def test_unknown_statistics(name: str) -> None:
    assert find_statistic(name) is None
