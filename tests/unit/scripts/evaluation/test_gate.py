"""The gate's block, and the champion it compares with: read, missing, or refused with the remedy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evaluation.estimates import Estimate
from evaluation.gate import Champion, check_available, check_metric, gate, read_champion
from failures import UserError

AUC = {"auc": Estimate(0.8, 0.01, 1000, baseline=0.5)}
CHAMPION = {
    "version": 0.0,
    "dataset": {"item_count": 900},
    "binary_classification_metrics": {
        "auc": {"value": 0.75, "standard_deviation": 0.02, "confidence_interval": [0.71, 0.79]},
        "accuracy": {"value": "NaN"},
    },
}


def folder(path: Path, content: Any) -> Path:
    (path / "evaluation.json").write_text(json.dumps(content))
    return path


def test_no_champion_means_no_shortfall() -> None:
    block = gate("auc", "binary", AUC, None)
    assert (block["champion"], block["shortfall"]) == (None, 0.0)
    assert (block["metric"], block["direction"], block["value"]) == ("auc", "maximize", 0.8)


@pytest.mark.parametrize(
    ("metric", "problem", "value", "champion", "shortfall"),
    [
        ("auc", "binary", 0.8, 0.75, -0.05),
        ("auc", "binary", 0.8, 0.85, 0.05),
        ("rmse", "regression", 3.0, 2.5, 0.5),
        ("rmse", "regression", 3.0, 3.5, -0.5),
    ],
)
def test_shortfall_is_how_much_worse_the_value_is(
    metric: str, problem: str, value: float, champion: float, shortfall: float
) -> None:
    block = gate(
        metric, problem, {metric: Estimate(value, 0.1, 10, "loss")}, Champion({metric: {"value": champion}}, None)
    )
    assert block["shortfall"] == pytest.approx(shortfall)
    assert block["champion"] == champion


def test_a_champion_is_read_with_its_rows_and_interval(tmp_path: Path) -> None:
    champion = read_champion(folder(tmp_path, CHAMPION), "binary", "auc")
    assert champion is not None
    assert (champion.value("auc"), champion.rows, champion.interval("auc")) == (0.75, 900, [0.71, 0.79])
    assert gate("auc", "binary", AUC, champion)["champion_confidence_interval"] == [0.71, 0.79]


def test_no_folder_no_file_or_none_is_no_champion(tmp_path: Path) -> None:
    assert read_champion(None, "binary", "auc") is None
    assert read_champion(tmp_path / "missing", "binary", "auc") is None
    assert read_champion(tmp_path, "binary", "auc") is None
    assert read_champion(folder(tmp_path, {"champion": "none"}), "binary", "auc") is None


@pytest.mark.parametrize(
    ("content", "metric", "sentence"),
    [
        (CHAMPION, "f1", "has no f1: set quality_gate.metric to one that it has (auc)"),
        (CHAMPION, "accuracy", "has no accuracy"),
        ({"regression_metrics": {"rmse": {"value": 1}}}, "auc", "is of a regression problem but this model is binary"),
        ({"something": 1}, "auc", "holds no model-quality metrics"),
        ([1], "auc", "is not an evaluation"),
        ({"binary_classification_metrics": {"auc": {"value": True}}}, "auc", "has no auc"),
    ],
)
def test_a_champion_that_cannot_be_compared_is_refused(
    tmp_path: Path, content: Any, metric: str, sentence: str
) -> None:
    with pytest.raises(UserError) as refusal:
        read_champion(folder(tmp_path, content), "binary", metric)
    assert sentence in str(refusal.value)


def test_several_or_broken_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{oops")
    with pytest.raises(UserError, match="not readable JSON"):
        read_champion(tmp_path, "binary", "auc")
    (tmp_path / "b.json").write_text("{}")
    with pytest.raises(UserError, match="holds 2 JSON files"):
        read_champion(tmp_path, "binary", "auc")


def test_an_unknown_or_undefined_metric_is_refused_with_the_choice() -> None:
    check_metric("auc", "binary")
    check_available("auc", AUC)
    with pytest.raises(UserError, match="set quality_gate.metric to one of rmse, mae, mse, r2"):
        check_metric("auc", "regression")
    with pytest.raises(UserError, match="undefined on this test side.*one of auc"):
        check_available("r2", AUC)
