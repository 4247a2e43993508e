"""A worker predicts the archive's rows when it loads the model, so that no client meets a cold one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import xgboost

import inference
import payloads
import prediction_writer
import warm_up
from algorithm_xgboost import ONE_THREAD_ROWS
from dates import DatePart
from features import Column, Features, Matrix, Target

COLUMNS = (
    Column("age", "numeric"),
    Column("vip", "boolean"),
    Column("plan", "categorical", ("basic", "plus")),
    Column("since year", "numeric", date=DatePart("since", "year", "day-first")),
)
ROWS = 'age;vip;plan;since\n1;true;basic;31/12/2024\n;;;\n2;false;"a ""b""; c";01/02/2023 10:15\n'
Patch = pytest.MonkeyPatch


@pytest.fixture(params=["binary", "multiclass", "regression"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    classes = {"binary": ("no", "yes"), "multiclass": ("a", "b", "c"), "regression": ()}[request.param]
    features = Features(request.param, Target("y", classes), COLUMNS, missing=("",), delimiter=";")
    matrix = np.array([[1, 0, 1, 2020], [2, 1, 2, 2021], [3, 0, 0, 2022]] * 5, np.float32)
    objective = {"binary": "binary:logistic", "multiclass": "multi:softprob", "regression": "reg:squarederror"}
    parameters = {"objective": objective[request.param], "nthread": 1}
    parameters |= {"num_class": 3} if request.param == "multiclass" else {}
    target = [0, 1, 2 if request.param == "multiclass" else 1] * 5
    data = xgboost.DMatrix(matrix, target, feature_types=features.types, feature_names=features.names)
    xgboost.train(parameters, data, 2).save_model(tmp_path / "model.ubj")
    features.write(tmp_path / "features.json")
    (tmp_path / "metadata.json").write_text("{}")
    (tmp_path / "warm-up.csv").write_text(ROWS)
    return tmp_path


@pytest.fixture
def answered(monkeypatch: Patch) -> list[tuple[str, int]]:
    """The formats and the numbers of rows of the requests that were answered."""
    calls: list[tuple[str, int]] = []
    decode, predict = inference.decode, inference.predict_matrix
    formats: list[str] = []

    def record_format(data: payloads.Payload, features: Features) -> pa.Table:
        formats.append(data.format)
        return decode(data, features)

    def record(model: inference.Model, matrix: Matrix) -> inference.Prediction:
        prediction = predict(model, matrix)
        if formats:  # else it is the row of missing values that is predicted first
            calls.append((formats[-1], len(prediction.probabilities)))
        return prediction

    monkeypatch.setattr(inference, "decode", record_format)
    monkeypatch.setattr(inference, "predict_matrix", record)
    return calls


def test_every_format_few_rows_and_many_are_predicted_when_the_model_is_loaded(
    folder: Path, answered: list[tuple[str, int]]
) -> None:
    inference.model_fn(str(folder))
    assert {kind for kind, _ in answered} == {"text/csv", *payloads.media_types.FORMATS.values()}
    assert {rows for _, rows in answered} == {1, 3, warm_up.MANY_ROWS}
    assert ONE_THREAD_ROWS < warm_up.MANY_ROWS  # both of the model's boosters


def test_a_model_without_the_file_is_loaded(folder: Path, answered: list[tuple[str, int]]) -> None:
    (folder / "warm-up.csv").unlink()
    inference.model_fn(str(folder))
    assert answered == []


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ("age;vip;plan;since\n1;true;basic;\nold;true;basic;\n", 'row 2: column "age" holds "old"'),
        ("age;vip;since\n1;true;\n", 'column "plan" is missing'),
        ("", "the request has no body"),
    ],
)
def test_a_model_that_cannot_predict_the_rows_is_not_loaded(folder: Path, rows: str, reason: str) -> None:
    (folder / "warm-up.csv").write_text(rows)
    with pytest.raises(ValueError, match="the model cannot predict the rows of warm-up.csv") as failure:
        inference.model_fn(str(folder))
    assert reason in str(failure.value)


def test_a_defect_of_the_handler_shows_when_the_model_is_loaded(folder: Path, monkeypatch: Patch) -> None:
    monkeypatch.setattr(prediction_writer, "write", lambda *_: 1 / 0)
    with pytest.raises(ValueError, match="warm-up.csv, which it is to warm up with: division by zero"):
        inference.model_fn(str(folder))


def test_a_model_of_small_requests_is_loaded(folder: Path, answered: list[tuple[str, int]], monkeypatch: Patch) -> None:
    monkeypatch.setattr(payloads, "MAX_PAYLOAD_BYTES", 90)
    inference.model_fn(str(folder))
    assert warm_up.MANY_ROWS not in [rows for _, rows in answered] and ("application/json", 1) in answered
