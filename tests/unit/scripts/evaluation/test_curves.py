"""Curves: the points of scikit-learn's, few of them, ends included; counts that add up."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from evaluation import curves
from evaluation.outcomes import Ranking, rank


def ranking(rows: int, decimals: int) -> tuple[Ranking, npt.NDArray[Any], npt.NDArray[Any]]:
    random = np.random.default_rng(0)
    target = random.random(rows) < 0.3
    scores = np.round(random.normal(size=rows) + target, decimals)
    return rank(scores, target), scores, target


def test_roc_points_are_those_of_scikit_learn(reference: ModuleType) -> None:
    ranked, scores, target = ranking(300, 1)
    false, true, _ = reference.roc_curve(target, scores, drop_intermediate=False)
    curve = curves.roc(ranked)
    assert curve.x.tolist() == pytest.approx(false.tolist())
    assert curve.y.tolist() == pytest.approx(true.tolist())


def test_precision_recall_points_are_those_of_scikit_learn(reference: ModuleType) -> None:
    ranked, scores, target = ranking(300, 1)
    precision, recall, _ = reference.precision_recall_curve(target, scores)
    curve = curves.precision_recall(ranked)
    assert curve.x[1:].tolist() == pytest.approx(recall[:-1][::-1].tolist())
    assert curve.y[1:].tolist() == pytest.approx(precision[:-1][::-1].tolist())
    assert (curve.x[0], curve.y[0]) == (0.0, curve.y[1])


def test_thinned_curves_keep_their_ends_and_their_area(reference: ModuleType) -> None:
    ranked, scores, target = ranking(20_000, 9)
    curve = curves.roc(ranked)
    assert len(curve.x) <= 200
    assert curve.points[0] == (0.0, 0.0)
    assert curve.points[-1] == (1.0, 1.0)
    assert reference.auc(curve.x, curve.y) == pytest.approx(reference.roc_auc_score(target, scores), abs=0.002)


def test_a_short_curve_is_left_alone() -> None:
    curve = curves.Curve(np.array([0.0, 0.5, 1.0]), np.array([0.0, 0.9, 1.0]))
    assert curves.thin(curve) is curve


def test_calibration_counts_every_row_once() -> None:
    random = np.random.default_rng(1)
    probability = np.append(random.random(998), [0.0, 1.0])
    happened = random.random(1000) < probability
    bins = curves.calibration(probability, happened)
    assert sum(b.rows for b in bins) == 1000
    assert sum(b.happened * b.rows for b in bins) == pytest.approx(happened.sum())
    for b in bins:
        assert b.edges[0] <= b.predicted <= b.edges[1]
        assert b.interval[0] <= b.happened <= b.interval[1]
    assert curves.calibration_error(bins) < 0.05


def test_calibration_error_tells_a_boaster() -> None:
    bins = curves.calibration(np.full(100, 0.9), np.arange(100) < 50)
    assert [b.rows for b in bins] == [100]
    assert curves.calibration_error(bins) == pytest.approx(0.4)


def test_histogram_and_grid_lose_no_row() -> None:
    values = np.array([-5.0, 0.1, 0.2, 0.9, 7.0])
    assert curves.histogram(values, 0, 1, 10).shares.sum() == pytest.approx(1)
    assert curves.grid(values, values, (0, 1), (0, 1), 9).rows.sum() == 5


def test_few_rows_get_few_bins() -> None:
    assert [curves.bins_for(rows, 30) for rows in (3, 100, 400, 10_000)] == [8, 10, 20, 30]


def test_usual_range_is_never_empty() -> None:
    for values in (np.zeros(5), np.full(5, -7.0), np.arange(5.0)):
        low, high = curves.usual_range(values)
        assert low < values.min()
        assert high > values.max()
