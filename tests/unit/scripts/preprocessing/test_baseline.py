"""The baseline tells what the training rows look like, in Model Monitor's layout; numpy knows the right answers."""

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv

from preprocessing.baseline import (
    BUCKETS,
    Buckets,
    NumberTally,
    RowSample,
    constraint,
    number_statistics,
    text_statistics,
)

DRAW = np.random.default_rng(2)
VALUES = np.where(DRAW.random(30_000) < 0.1, np.nan, DRAW.lognormal(3, 1, 30_000) + 1e6)


def tally(values: np.ndarray, piece: int) -> NumberTally:
    total = NumberTally()
    for start in range(0, len(values), piece):
        total.merge(NumberTally.of(values[start : start + piece]))
    return total


@pytest.mark.parametrize("piece", [1, 999, 30_000])
def test_statistics_are_those_of_the_whole_column_for_any_blocks(piece):
    values = VALUES[:3000] if piece == 1 else VALUES
    there = values[~np.isnan(values)]
    found = tally(values, piece)
    assert (found.present, found.missing) == (len(there), np.isnan(values).sum())
    assert found.mean == pytest.approx(there.mean(), rel=1e-13)
    assert np.sqrt(found.squares / found.present) == pytest.approx(there.std(), rel=1e-9)
    assert (found.low, found.high) == (there.min(), there.max())
    assert not found.integral


def test_integers_and_fractions_are_distinguished():
    assert tally(np.array([1.0, np.nan, -3.0]), 1).integral
    assert not tally(np.array([1.0, 2.5, 3.0]), 1).integral


def test_the_sketch_is_a_uniform_sample_with_its_weight():
    sample = RowSample()
    values = VALUES.astype(np.float32)
    for start in range(0, len(values), 777):
        sample.add([values[start : start + 777]])
    whole = RowSample()
    whole.add([values])
    assert sample.sketch(0) == whole.sketch(0)
    data = sample.sketch(0)["data"]
    assert len(data) - 1 == sample.level == 4
    assert all(compactor == [] for compactor in data[:-1])
    assert 900 < len(data[-1]) <= 2048
    assert len(data[-1]) * 2**sample.level == pytest.approx(np.isfinite(values).sum(), rel=0.1)
    quantiles = np.linspace(0.05, 0.95, 19)
    there = np.sort(values[~np.isnan(values)])
    ranks = np.searchsorted(there, np.quantile(data[-1], quantiles)) / len(there)
    assert ranks == pytest.approx(quantiles, abs=0.04)


def test_few_rows_are_all_in_the_sketch():
    sample = RowSample()
    sample.add([np.array([3, 1, np.nan, 2], np.float32)])
    assert sample.sketch(0)["data"] == [[1.0, 2.0, 3.0]]


def test_buckets_hold_every_value_once():
    found = tally(VALUES, 1000)
    buckets = Buckets.between(found.low, found.high)
    for start in range(0, len(VALUES), 1000):
        buckets.add(VALUES[start : start + 1000].astype(np.float32))
    content = buckets.content()
    assert len(content) == BUCKETS
    assert sum(one["count"] for one in content) == found.present
    assert (content[0]["lower_bound"], content[-1]["upper_bound"]) == (found.low, found.high)
    assert [one["upper_bound"] for one in content[:-1]] == [one["lower_bound"] for one in content[1:]]
    assert content[0]["count"] == pytest.approx((content[0]["upper_bound"] > VALUES).sum(), abs=30)


def test_a_constant_column_has_one_bucket():
    buckets = Buckets.between(5.0, 5.0)
    buckets.add(np.array([5, np.nan, 5], np.float32))
    assert buckets.content() == [{"lower_bound": 5.0, "upper_bound": 5.0, "count": 2.0}]


def test_constraints_follow_from_the_statistics():
    numbers = number_statistics("x", tally(np.array([1.0, -2.0, np.nan, 3.0]), 9), Buckets.between(-2, 3), {})
    assert constraint(numbers) == {
        "name": "x",
        "inferred_type": "Integral",
        "completeness": 0.75,
        "num_constraints": {"is_non_negative": False},
        "monitoringConfigOverrides": {},
    }
    texts = text_statistics("plan", 10, {"plus": 3, "basic": 5})
    assert constraint(texts) == {
        "name": "plan",
        "inferred_type": "String",
        "completeness": 0.8,
        "string_constraints": {"domains": ["basic", "plus"]},
        "monitoringConfigOverrides": {},
    }
    many = text_statistics("street", 500, {f"street {number}": 1 for number in range(500)})
    assert "string_constraints" not in constraint(many)
    assert constraint(text_statistics("empty", 5, {}))["inferred_type"] == "Unknown"


def test_the_files(prepare, raw_folder):
    """The layout as documented for Model Monitor, key by key, and strict JSON."""
    rows = 900
    table = pa.table(
        {
            "age": pa.array(DRAW.integers(18, 90, rows), mask=DRAW.random(rows) < 0.2),
            "balance": DRAW.normal(size=rows),
            "plan": DRAW.choice(["basic", "plus"], rows),
            "active": pa.array(DRAW.random(rows) < 0.5, mask=DRAW.random(rows) < 0.1),
            "price": DRAW.lognormal(size=rows),
        }
    )
    csv.write_csv(table, raw_folder / "d.csv")
    outcome = prepare(target="price", problem="regression")
    statistics, constraints = outcome.json("baseline/statistics.json"), outcome.json("baseline/constraints.json")
    train = outcome.side("train")
    assert {key: statistics[key] for key in ("version", "dataset")} == {
        "version": 0.0,
        "dataset": {"item_count": train.num_rows},
    }
    by_name = {one["name"]: one for one in statistics["features"]}
    assert {name: one["inferred_type"] for name, one in by_name.items()} == {
        "age": "Integral",
        "balance": "Fractional",
        "plan": "String",
        "active": "String",
        "price": "Fractional",
    }
    age = by_name["age"]["numerical_statistics"]
    values = train["age"].to_numpy().astype(float)
    there = values[~np.isnan(values)]
    assert age["common"] == {"num_present": len(there), "num_missing": len(values) - len(there)}
    assert [age[key] for key in ("mean", "sum", "std_dev", "min", "max")] == pytest.approx(
        [there.mean(), there.sum(), there.std(), there.min(), there.max()]
    )
    kll = age["distribution"]["kll"]
    assert kll["sketch"] == {"parameters": {"c": 0.64, "k": 2048.0}, "data": [sorted(there.tolist())]}
    assert sum(bucket["count"] for bucket in kll["buckets"]) == len(there)
    active = by_name["active"]["string_statistics"]
    truths = train["active"].to_numpy()
    assert active["common"]["num_missing"] == np.isnan(truths).sum()
    assert {one["value"]: one["count"] for one in active["distribution"]["categorical"]["buckets"]} == {
        "true": (truths == 1).sum(),
        "false": (truths == 0).sum(),
    }
    assert [one["name"] for one in constraints["features"]] == ["age", "balance", "plan", "active"]
    assert constraints["monitoring_config"]["distribution_constraints"]["comparison_method"] == "Robust"
