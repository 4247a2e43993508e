"""The groups of data.facets on the test side, in labels and in predictions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evaluation.facet_groups import compare
from evaluation.outcomes import Outcome
from failures import UserError
from features import Features, Target

GENDERS = ["f", "f", "f", "f", "m", "m", "m", "m", "m", None]
FACETS = [{"facet": "gender", "group": group} for group in ("m", "f", "d")]


def features(classes: tuple[str, ...] = ("no", "yes")) -> Features:
    return Features("binary", Target("y", classes), (), ("",), details={"facets": FACETS})


def outcome(target: list[int], predicted: list[int], classes: tuple[str, ...] = ("no", "yes")) -> Outcome:
    return Outcome("binary", classes, np.array(target), np.array(predicted), np.empty((10, 0), np.float32))


def write(folder: Path, name: str = "gender") -> Path:
    pq.write_table(pa.table({name: pa.array(GENDERS).dictionary_encode(), "age": range(10)}), folder / "raw.parquet")
    return folder


def test_labels_and_predictions_of_each_group(tmp_path: Path) -> None:
    observed, predicted = [1, 0, 0, 0, 1, 1, 1, 0, 0, 1], [0, 0, 0, 0, 1, 1, 1, 1, 1, 1]
    men, women, others = compare(features(), write(tmp_path), outcome(observed, predicted))
    assert men == {"facet": "gender", "group": "m", "rows": 5, "CI": 0.0} | {
        "DPL": {"yes": pytest.approx(2 / 5 - 3 / 5)},
        "DPPL": {"yes": pytest.approx(1 / 5 - 1)},
    }
    assert women["CI"] == pytest.approx((6 - 4) / 10)
    assert women["DPL"] == {"yes": pytest.approx(4 / 6 - 1 / 4, abs=1e-6)}
    assert women["DPPL"] == {"yes": pytest.approx(1.0)}
    assert others == {"facet": "gender", "group": "d", "rows": 0, "CI": None, "DPL": {}, "DPPL": {}}


def test_a_regression_has_rows_alone(tmp_path: Path) -> None:
    values = Outcome("regression", (), np.arange(10.0), np.arange(10.0), np.empty((10, 0), np.float32))
    men, *_ = compare(features(()), write(tmp_path), values)
    assert men == {"facet": "gender", "group": "m", "rows": 5, "CI": 0.0, "DPL": {}, "DPPL": {}}


def test_the_test_side_of_another_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not hold the columns of data.facets: use the test side and the model of"):
        compare(features(), write(tmp_path, "sex"), outcome([1] * 10, [1] * 10))


def test_without_facets_nothing_is_read(tmp_path: Path) -> None:
    assert compare(Features("binary", Target("y"), (), ("",)), tmp_path, outcome([1] * 10, [1] * 10)) == []
