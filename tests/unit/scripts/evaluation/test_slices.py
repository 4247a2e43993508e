"""Slices: which there are, what they hold, and that only real differences are flagged."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from evaluation.metrics import ALL
from evaluation.outcomes import Outcome
from evaluation.slices import MAX_LEVELS, MIN_ROWS, MISSING, Codes, Slice, codes_of, is_sliced, slices
from features import Column

PLAN = Column("plan", "categorical", ("basic", "family"))


def labels(right: npt.NDArray[Any]) -> Outcome:
    """Rows of alternating classes that are labelled right or wrong as specified."""
    target = np.arange(len(right)) % 2
    predicted = np.where(right, target, 1 - target)
    probabilities = np.column_stack([1 - predicted, predicted]).astype(np.float32)
    return Outcome("binary", ("no", "yes"), target, predicted, probabilities)


def sliced(outcome: Outcome, codes: Codes, metric: str = "accuracy", column: Column = PLAN) -> list[Slice]:
    whole = ALL[outcome.problem][metric].estimate(outcome)
    assert whole is not None
    return slices(outcome, metric, whole, {column: codes})


def test_every_level_with_enough_rows_largest_first() -> None:
    codes = np.repeat([1, 2, 0, MISSING, 1], [100, 150, 60, 70, MIN_ROWS - 1]).astype(np.int32)
    found = sliced(labels(np.ones(len(codes), bool)), codes)
    assert [(piece.level, piece.group, piece.rows) for piece in found] == [
        ("family", "level", 150),
        ("basic", "level", 149),
        (None, "missing", 70),
        (None, "other", 60),
    ]
    assert [piece.name for piece in found] == ["family", "basic", "missing", "rare or unseen"]


def test_small_levels_are_left_out() -> None:
    codes = np.repeat([1, 2], [MIN_ROWS, MIN_ROWS - 1]).astype(np.int32)
    assert [piece.level for piece in sliced(labels(np.ones(len(codes), bool)), codes)] == ["basic"]


def test_at_most_so_many_levels() -> None:
    column = Column("city", "categorical", tuple(f"city {n}" for n in range(30)))
    codes = np.repeat(np.arange(1, 31), np.arange(60, 90)).astype(np.int32)
    found = sliced(labels(np.ones(len(codes), bool)), codes, column=column)
    assert len(found) == MAX_LEVELS
    assert found[0].level == "city 29"
    assert min(piece.rows for piece in found) == 70


def test_value_and_difference_are_the_slice_s_own() -> None:
    right = np.array([True] * 90 + [False] * 10 + [True] * 60 + [False] * 40)
    codes = np.repeat([1, 2], [100, 100]).astype(np.int32)
    first, second = sliced(labels(right), codes)
    assert (first.estimate.value, second.estimate.value) == (0.9, 0.6)
    assert [first.difference, second.difference] == pytest.approx([0.15, -0.15])
    assert first.target_mean == 0.5
    assert (first.worse, second.worse) == (False, True)


def test_a_metric_to_minimize_is_worse_when_larger() -> None:
    random = np.random.default_rng(0)
    target = random.normal(size=400)
    noise = np.repeat([3.0, 1.0], 200)
    outcome = Outcome(
        "regression", (), target, target + noise * random.normal(size=400), np.empty((400, 0), np.float32)
    )
    first, second = sliced(outcome, np.repeat([1, 2], 200).astype(np.int32), "rmse")
    assert first.worse
    assert first.difference > 0
    assert not second.worse


@pytest.mark.slow
def test_chance_is_not_flagged() -> None:
    """Twenty slices that are all alike: over a hundred runs hardly any flag."""
    column = Column("city", "categorical", tuple(f"city {n}" for n in range(20)))
    flagged = 0
    for seed in range(100):
        random = np.random.default_rng(seed)
        codes = random.integers(1, 21, 2000).astype(np.int32)
        flagged += any(piece.worse for piece in sliced(labels(random.random(2000) < 0.8), codes, column=column))
    assert flagged <= 5


def test_chance_is_not_flagged_where_lower_is_better() -> None:
    column = Column("city", "categorical", tuple(f"city {n}" for n in range(20)))
    random = np.random.default_rng(0)
    error = random.normal(size=2000)
    outcome = Outcome("regression", (), np.zeros(2000), error, np.empty((2000, 0), np.float32))
    codes = random.integers(1, 21, 2000).astype(np.int32)
    assert not any(piece.worse for piece in sliced(outcome, codes, "rmse", column))


def test_a_slice_without_the_metric_is_left_out() -> None:
    outcome = labels(np.ones(200, bool))
    codes = np.where(outcome.target == 1, 1, 2).astype(np.int32)  # each slice holds a single class
    assert sliced(outcome, codes, "auc") == []


def test_boolean_columns_are_sliced_too() -> None:
    column = Column("member", "boolean")
    codes = codes_of(np.repeat([1, 0, np.nan], [80, 70, 60]).astype(np.float32))
    found = sliced(labels(np.ones(210, bool)), codes, column=column)
    assert [(piece.level, piece.group) for piece in found] == [("true", "level"), ("false", "level"), (None, "missing")]
    words = sliced(labels(np.ones(210, bool)), codes, column=Column("member", "boolean", ("no", "yes")))
    assert [piece.level for piece in words] == ["yes", "no", None]
    assert is_sliced(column)
    assert is_sliced(PLAN)
    assert not is_sliced(Column("age", "numeric"))


def test_json_form() -> None:
    codes = np.repeat([1, 0], [60, 60]).astype(np.int32)
    first, second = (piece.as_json() for piece in sliced(labels(np.ones(120, bool)), codes))
    assert [(piece["level"], piece["group"]) for piece in (first, second)] == [(None, "other"), ("basic", "level")]
    assert (first["column"], first["rows"], first["worse"]) == ("plan", 60, False)
    assert {"value", "standard_deviation", "confidence_interval", "difference", "target_mean"} <= set(first)
