"""The linear algorithm: as good as scikit-learn's own pipeline, row by row the same, and its file is checked."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import inference
import train
from algorithm_linear import ALGORITHM
from features import Features

pytestmark = pytest.mark.usefixtures("job_environment")
FLAGS = {"algorithm": "linear", "reg_lambda": 1.0}
PROBLEMS = ["binary", "multiclass", "regression"]


def matrix_of(file: Path, features: Features) -> np.ndarray:
    table = pq.read_table(file)
    return np.stack([table[name].to_numpy() for name in features.names], axis=1)


@pytest.fixture(params=PROBLEMS)
def data(request, tmp_path, encoded):
    return encoded(tmp_path / "data", request.param)


@pytest.fixture
def model(data, tmp_path):
    assert train.main(data.flags(tmp_path / "model", **FLAGS)) == 0
    return inference.load(tmp_path / "model")


def test_it_is_as_good_as_a_pipeline_of_scikit_learn(data, model):
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.metrics import log_loss, root_mean_squared_error
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    features, labels = data.features, pq.read_table(data.train)["outcome"].to_numpy()
    truth, rows = pq.read_table(data.validation)["outcome"].to_numpy(), matrix_of(data.validation, features)
    numeric = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    columns = ColumnTransformer([("n", numeric, [0, 1, 2]), ("c", OneHotEncoder(handle_unknown="ignore"), [3])])
    regression = features.problem == "regression"
    usual = make_pipeline(columns, Ridge() if regression else LogisticRegression(max_iter=1000))
    usual.fit(matrix_of(data.train, features), labels)
    if regression:
        found, expected = (root_mean_squared_error(truth, one.predict(rows)) for one in (model.predictor, usual))
    else:
        shares = inference.predict_matrix(model, rows).probabilities
        found, expected = log_loss(truth, shares), log_loss(truth, usual.predict_proba(rows))
    assert found == pytest.approx(expected, rel=0.01)


def test_a_row_is_the_same_alone_and_among_others(data, model):
    rows = matrix_of(data.validation, data.features)
    alone = np.concatenate([model.predictor.predict(row[None, :]) for row in rows])
    assert alone.tobytes() == model.predictor.predict(rows).tobytes()


def test_contributions_and_the_intercept_are_the_score(data, model):
    rows = matrix_of(data.validation, data.features)[:50]
    output = model.predictor.predict(rows).astype(np.float64)
    classes = output.argmax(axis=1) if output.ndim == 2 else np.zeros(50, np.int64)
    scores = model.predictor.contributions(rows, classes).sum(axis=1) + model.predictor.intercept[classes]
    if data.features.problem == "regression":
        assert scores == pytest.approx(output, rel=1e-4)
    elif data.features.problem == "binary":
        assert 1 / (1 + np.exp(-scores)) == pytest.approx(output, rel=1e-4)
    else:
        others = model.predictor.contributions(rows, (classes + 1) % 3).sum(axis=1)
        others += model.predictor.intercept[(classes + 1) % 3]
        ratio = output[np.arange(50), classes] / output[np.arange(50), (classes + 1) % 3]
        assert scores - others == pytest.approx(np.log(ratio), rel=1e-3, abs=1e-4)


def test_metrics_are_logged_and_recorded_as_sagemaker_reads_them(data, tmp_path, capsys):
    assert train.main(data.flags(tmp_path / "model", **FLAGS)) == 0
    log = capsys.readouterr().out
    names = {"binary": "auc", "multiclass": "merror", "regression": "mae"}
    assert f"validation-{names[data.features.problem]}:" in next(line for line in log.splitlines() if "[0]" in line)
    assert "the algorithm linear does not use early_stopping_rounds, learning_rate" in log
    written = json.loads((tmp_path / "model" / "metadata.json").read_text())
    assert written["algorithm"] == "linear"
    assert names[data.features.problem] in written["metrics"]["validation"]
    assert "max_depth" not in written["parameters"]
    assert "sklearn" in written["libraries"]
    assert not (tmp_path / "model" / "model.ubj").exists()
    code = {file.name for file in (tmp_path / "model" / "code").iterdir()}
    assert "algorithm_linear.py" in code
    assert "algorithm_xgboost.py" not in code


def test_an_interrupted_training_ends_with_the_same_model(tmp_path, encoded, monkeypatch):
    data = encoded(tmp_path / "data", "multiclass")
    flags = FLAGS | {"checkpoint_rounds": 3, "rounds": 60}
    assert train.main(data.flags(tmp_path / "whole", **flags)) == 0
    flags |= {"checkpoints": tmp_path / "checkpoints"}
    from sklearn.linear_model import LogisticRegression

    fits, fit = [], LogisticRegression.fit

    def interrupted(*arguments):
        fits.append(1)
        if len(fits) == 3:
            raise KeyboardInterrupt
        return fit(*arguments)

    monkeypatch.setattr(LogisticRegression, "fit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train.main(data.flags(tmp_path / "model", **flags))
    before = len(fits)
    assert train.main(data.flags(tmp_path / "model", **flags)) == 0
    for name in ("linear.json", "metadata.json"):
        assert (tmp_path / "model" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    fits.clear()
    assert train.main(data.flags(tmp_path / "again", **flags)) == 0
    assert len(fits) < before  # what had ended is not repeated


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda _: "\x80\x04K\x01.", "Expecting value"),
        (lambda text: text.replace('"format": 1', '"format": 2'), "linear.json is not of format 1"),
        (lambda text: text.replace('"age"', '"size"'), "was trained on 4 columns other than those"),
        (lambda text: text.replace('"scale": ', '"scale": -'), "has wrong weights of"),
        (lambda text: text.replace('"intercept": [', '"intercept": [NaN, '), "has a wrong intercept"),
    ],
)
def test_a_file_that_is_no_such_model_is_not_loaded(tmp_path, encoded, change, reason):
    data = encoded(tmp_path / "data")
    assert train.main(data.flags(tmp_path / "model", **FLAGS)) == 0
    text = (tmp_path / "model" / "linear.json").read_text()
    with pytest.raises(ValueError, match=reason):
        ALGORITHM.load(change(text.replace("[\n  ", "[")).encode(), data.features)


def test_the_most_important_column_is_the_one_that_decides(tmp_path, encoded):
    data = encoded(tmp_path / "data", noise=0.2)
    assert train.main(data.flags(tmp_path / "model", **FLAGS)) == 0
    shares = inference.load(tmp_path / "model").predictor.importance()
    assert sum(shares.values()) == pytest.approx(1)
    assert list(shares)[-1] == "age.income [k]"  # it is not in the signal


def test_rows_count_by_their_weights(tmp_path, encoded):
    """Labels are turned round in rows that weigh nothing."""
    data = encoded(tmp_path / "data")
    table, random = pq.read_table(data.train), np.random.default_rng(1)
    target, wrong = table["outcome"].to_numpy(), random.random(len(table)) < 0.7
    data.with_target(data.train, np.where(wrong, 1 - target, target))
    replace(data.features, weight="rows").write(data.folder / "features" / "features.json")
    for file, weights in ((data.train, ~wrong), (data.validation, np.ones(500))):
        side = pq.read_table(file)
        pq.write_table(side.add_column(0, "rows", pa.array(weights.astype(np.float32))), file)
    assert train.main(data.flags(tmp_path / "model", **FLAGS)) == 0
    metrics = json.loads((tmp_path / "model" / "metadata.json").read_text())["metrics"]
    assert metrics["validation"]["auc"] > 0.8
