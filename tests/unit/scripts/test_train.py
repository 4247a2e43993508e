"""The training step as a job runs it: flags in, a model directory out, or a sentence."""

import errno
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xgboost as xgb

import atomic_files
import encoded_data
import inference
import train
from training import model_folder

pytestmark = pytest.mark.usefixtures("job_environment")

SCRIPTS = Path(train.__file__).parent
QUICK = {"rounds": 12, "early_stopping_rounds": 4, "max_depth": 3, "learning_rate": 0.3}


@pytest.fixture
def data(tmp_path, encoded):
    return encoded(tmp_path / "data")


def trained(data, model_dir: Path, **flags) -> Path:
    assert train.main(data.flags(model_dir, **{**QUICK, **flags})) == 0
    return model_dir


def metadata(model_dir: Path) -> dict:
    return json.loads((model_dir / "metadata.json").read_text())


def validation_predictions(data, model_dir: Path) -> tuple[np.ndarray, np.ndarray]:
    table = pq.read_table(data.validation)
    matrix = np.stack([column.to_numpy() for column in table.columns[:-1]], axis=1)
    booster = xgb.Booster(model_file=model_dir / "model.ubj")
    return booster.inplace_predict(matrix), table.column("outcome").to_numpy()


def refusal(data, tmp_path: Path, **flags) -> str:
    """The sentence in the failure file; nothing may be left in the model directory."""
    model_dir = tmp_path / "model"
    assert train.main(data.flags(model_dir, **{**QUICK, **flags})) == 1
    assert not model_dir.exists() or not list(model_dir.iterdir())
    sentence = (tmp_path / "output" / "failure").read_text()
    assert "Traceback" not in sentence
    assert "unexpected" not in sentence
    return sentence


# --- what it makes ---


@pytest.mark.parametrize("problem", ["binary", "multiclass", "regression"])
def test_the_model_directory_is_complete(tmp_path, encoded, problem):
    data = encoded(tmp_path / "data", problem)
    folder = trained(data, tmp_path / "model")
    names = {"model.ubj", "features.json", "metadata.json", "warm-up.csv", "code"}
    assert {entry.name for entry in folder.iterdir()} == names
    assert (folder / "features.json").read_bytes() == (data.folder / "features" / "features.json").read_bytes()
    written = metadata(folder)
    assert (written["format"], written["problem"], written["seed"], written["device"]) == (1, problem, 7, "cpu")
    assert written["rows"] == {"train": 1500, "validation": 500}
    assert written["libraries"]["xgboost"] == xgb.__version__
    assert (written["threshold"] is None) == (problem != "binary")
    booster = xgb.Booster(model_file=folder / "model.ubj")
    assert booster.num_boosted_rounds() == written["best_round"] + 1
    assert booster.feature_names == ["age", "age.income (k)", "member", "plan"]
    assert booster.feature_types == ["q", "q", "q", "c"]


def test_the_recorded_metrics_are_those_of_the_model_that_was_written(tmp_path, data):
    folder = trained(data, tmp_path / "model", rounds=200, learning_rate=0.5)  # stops early
    probabilities, labels = validation_predictions(data, folder)
    written = metadata(folder)
    assert written["rounds"] == written["best_round"] + 1 + QUICK["early_stopping_rounds"] < 200
    log_loss = -np.mean(np.log(np.where(labels == 1, probabilities, 1 - probabilities)))
    positive, negative = probabilities[labels == 1][:, None], probabilities[labels == 0]
    auc = np.mean((positive > negative) + (positive == negative) / 2)  # the share of pairs in the right order
    assert written["metrics"]["validation"]["logloss"] == pytest.approx(log_loss, rel=1e-5)
    assert written["metrics"]["validation"]["auc"] == pytest.approx(auc, rel=1e-5)


def test_zero_early_stopping_rounds_trains_them_all_and_still_keeps_the_best(tmp_path, data):
    written = metadata(trained(data, tmp_path / "model", rounds=40, learning_rate=1, early_stopping_rounds=0))
    assert written["rounds"] == 40
    assert written["best_round"] < 39


def test_every_round_is_logged_as_metric_definitions_read_it(tmp_path, data, capsys):
    trained(data, tmp_path / "model", rounds=3)
    rounds = [line for line in capsys.readouterr().out.splitlines() if line.startswith("[")]
    assert [line.split()[0] for line in rounds] == ["[0]", "[1]", "[2]"]
    names = ["train-logloss", "train-auc", "validation-logloss", "validation-auc"]
    assert [item.split(":")[0] for item in rounds[0].split()[1:]] == names


def test_the_shipped_code_is_the_handler_and_all_it_imports(tmp_path, data):
    code = trained(data, tmp_path / "model") / "code"
    names = {file.name for file in code.iterdir()}
    assert {"inference.py", "features.py", "raw_columns.py"} <= names
    assert "train.py" not in names
    for name in names:
        assert (code / name).read_bytes() == (SCRIPTS / name).read_bytes()


def test_the_warm_up_is_a_few_raw_rows_from_all_over_the_sample_that_the_handler_scores(tmp_path, data):
    folder = trained(data, tmp_path / "model")
    header, *rows = (folder / "warm-up.csv").read_bytes().splitlines(keepends=True)
    sample = (data.folder / "features" / "sample.csv").read_bytes().replace(b'"', b"").splitlines(keepends=True)
    assert (header, rows) == (sample[0], [sample[1 + 90 * number // 20] for number in range(20)])
    response, _ = inference.respond(inference.load(folder), b"".join([header, *rows]), "text/csv", "text/csv")
    assert response.count(b"\n") == 20


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "there is no sample.csv in"),
        (b"\xff", "sample.csv cannot be read"),
        (b"age,plan\n1,pro\n", "no rows of the columns"),
        (b"age,age.income [k],member,plan\n", "no rows of the columns"),
        (b"age,age.income [k],member,plan\n1,2\n", "no rows of the columns"),
    ],
)
def test_a_sample_that_cannot_be_used(tmp_path, data, text, words):
    file = data.folder / "features" / "sample.csv"
    file.write_bytes(text) if text else file.unlink()
    assert words in refusal(data, tmp_path)


@pytest.mark.slow
def test_a_second_training_replaces_the_first(tmp_path, data):
    trained(data, tmp_path / "model", seed=1)
    (tmp_path / "model" / "model.unfinished" / "code").mkdir(parents=True)  # a run that was killed
    (tmp_path / "model" / "model.unfinished" / "code" / "old.py").touch()
    trained(data, tmp_path / "model", seed=2)
    assert metadata(tmp_path / "model")["seed"] == 2
    assert not (tmp_path / "model" / "model.unfinished").exists()
    assert not (tmp_path / "model" / "code" / "old.py").exists()


# --- the same model ---


@pytest.mark.slow
def test_same_seed_same_bytes_whatever_the_number_of_threads(tmp_path, encoded, monkeypatch):
    data = encoded(tmp_path / "data", "regression", rows=3000)
    sampled = {"subsample": 0.7, "colsample_bytree": 0.6, "rounds": 10}
    first = trained(data, tmp_path / "one", **sampled)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    second = trained(data, tmp_path / "two", **sampled)
    other = trained(data, tmp_path / "three", **sampled, seed=8)
    for name in ("model.ubj", "metadata.json"):
        assert (first / name).read_bytes() == (second / name).read_bytes()
    assert (first / "model.ubj").read_bytes() != (other / "model.ubj").read_bytes()


def test_each_round_samples_other_columns(tmp_path, data):
    booster = xgb.Booster(
        model_file=trained(data, tmp_path / "model", colsample_bytree=0.25, early_stopping_rounds=0) / "model.ubj"
    )
    used = {tuple(sorted(tree.get_score())) for tree in booster}
    assert len(used) > 1


@pytest.mark.slow
def test_the_size_of_batches_changes_nothing(tmp_path, data, monkeypatch):
    whole = trained(data, tmp_path / "whole", imbalance="weights")
    monkeypatch.setattr(encoded_data, "BATCH_CELLS", 280)
    batches = trained(data, tmp_path / "batches", imbalance="weights")
    for name in ("model.ubj", "metadata.json"):
        assert (whole / name).read_bytes() == (batches / name).read_bytes()


@pytest.mark.slow
def test_checkpoints_are_resumed_for_the_same_data_and_settings_only(tmp_path, data, capsys):
    def output_of(**flags) -> str:
        trained(data, tmp_path / "model", checkpoints=tmp_path / "checkpoints", **flags)
        return capsys.readouterr().out

    assert "resuming" not in output_of(checkpoint_rounds=3)
    assert "resuming from checkpoint-" in output_of(checkpoint_rounds=5)
    for other in ({"seed": 8}, {"rounds": 11}, {"imbalance": "weights"}, {"decision_threshold": "f2"}):
        assert "resuming" not in output_of(checkpoint_rounds=3, **other)
    for file in (data.train, data.validation):
        pq.write_table(pq.read_table(file).slice(1), file)
        assert "resuming" not in output_of(checkpoint_rounds=3)


# --- rare classes ---


@pytest.mark.slow
def test_the_threshold_is_the_best_for_f1_on_validation(tmp_path, data):
    from sklearn.metrics import f1_score

    folder = trained(data, tmp_path / "model")
    probabilities, labels = validation_predictions(data, folder)
    threshold = metadata(folder)["threshold"]
    scores = {line: f1_score(labels, probabilities >= line) for line in np.unique(probabilities)}
    assert threshold != 0.5
    assert scores[np.float32(threshold)] == max(scores.values())


def test_a_number_is_the_threshold_itself(tmp_path, data):
    assert metadata(trained(data, tmp_path / "model", decision_threshold="0.25"))["threshold"] == 0.25


def test_few_positives_are_warned_of_and_what_the_threshold_finds_is_printed(tmp_path, data, capsys):
    labels = pq.read_table(data.validation).column("outcome").to_numpy()
    data.with_target(data.validation, np.where(np.arange(len(labels)) < 3, 1, 0))
    trained(data, tmp_path / "model", decision_threshold="precision 1")
    output = capsys.readouterr().out
    assert f"warning: only 3 of {len(labels)} rows of the validation side are positive" in output
    assert "of the train side" not in output
    assert "(precision 1): on validation " in output
    assert " of the 3 that are" in output


@pytest.mark.parametrize(
    ("problem", "remedy"),
    [("binary", "weights"), ("multiclass", "weights"), ("binary", "oversample"), ("multiclass", "undersample")],
)
def test_each_remedy_raises_the_rare_classes(tmp_path, encoded, problem, remedy):
    data = encoded(tmp_path / "data", problem)
    random = np.random.default_rng(0)
    common = random.random(1500) < 0.85
    data.with_target(data.train, np.where(common, 0, pq.read_table(data.train).column("outcome").to_numpy()))

    def mean_of_common(imbalance: str) -> float:
        chances = validation_predictions(data, trained(data, tmp_path / imbalance, imbalance=imbalance))[0]
        return float(np.mean(1 - chances if problem == "binary" else chances[:, 0]))

    assert mean_of_common(remedy) < mean_of_common("none") - 0.2


# --- calibration ---


@pytest.mark.parametrize("problem", ["binary", "multiclass"])
def test_probabilities_that_are_off_are_corrected_in_the_model_that_serves(tmp_path, encoded, problem, capsys):
    """Few rounds: the trees are not sure enough."""
    data = encoded(tmp_path / "data", problem)
    plain, corrected = (
        inference.load(trained(data, tmp_path / calibration, rounds=3, calibration=calibration))
        for calibration in ("none", "auto")
    )
    assert "probabilities are off on validation: calibrated with slope " in capsys.readouterr().out
    table = pq.read_table(data.validation)
    matrix = np.stack([column.to_numpy() for column in table.columns[:-1]], axis=1)
    labels = table.column("outcome").to_numpy().astype(int)

    def loss(model: inference.Model) -> float:
        return float(
            -np.log(inference.predict_matrix(model, matrix).probabilities[np.arange(len(labels)), labels]).mean()
        )

    assert loss(corrected) < loss(plain) - 0.02
    assert metadata(tmp_path / "none")["calibration"] is None
    if problem == "binary":  # the line is one of the probabilities that the model gives
        shares = inference.predict_matrix(corrected, matrix).probabilities[:, 1]
        assert np.float32(corrected.metadata["threshold"]) in shares


def test_several_classes_that_were_weighted_are_not_corrected(tmp_path, encoded):
    data = encoded(tmp_path / "data", "multiclass")
    folder = trained(data, tmp_path / "model", rounds=3, calibration="auto", imbalance="weights")
    assert metadata(folder)["calibration"] is None


# --- refusals ---


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"rounds": 0}, ["--rounds", "'0'", "whole number from 1 to 100000"]),
        ({"learning_rate": 0}, ["--learning-rate", "'0'", "above 0 to 1"]),
        ({"learning_rate": "nan"}, ["--learning-rate", "'nan'", "above 0 to 1"]),
        ({"max_depth": 2.5}, ["--max-depth", "'2.5'", "from 1 to 30"]),
        ({"imbalance": "smote"}, ["--imbalance", "smote", "oversample"]),
        ({"decision_threshold": "recall"}, ["--decision-threshold", "'recall'", "costs 1:20"]),
        ({"decision_threshold": "1.5"}, ["--decision-threshold", "precision 0.9"]),
        ({"round": 5}, ["--round"]),
        ({"device": "cuda"}, ["--device cuda", "GPU"]),
    ],
)
def test_a_bad_hyperparameter_is_named_with_its_range(tmp_path, data, flags, words, monkeypatch):
    monkeypatch.setenv("SM_NUM_GPUS", "0")
    sentence = refusal(data, tmp_path, **flags)
    assert all(word in sentence for word in words), sentence


def test_numbers_may_come_as_sagemaker_writes_them(tmp_path, data):
    written = metadata(trained(data, tmp_path / "model", rounds="5.0", seed="1e1"))
    assert (written["parameters"]["rounds"], written["seed"]) == (5, 10)


@pytest.mark.parametrize("channel", ["train", "validation", "features"])
def test_a_missing_channel_is_named(tmp_path, data, channel, capsys):
    flags = [flag for flag in data.flags(tmp_path / "model") if not flag.startswith(f"--{channel}=")]
    assert train.main(flags) == 1
    assert f"--{channel} is missing: give the training job a channel named '{channel}'" in capsys.readouterr().err


def test_channels_come_from_the_environment(tmp_path, data, monkeypatch):
    for side in ("train", "validation", "features"):
        monkeypatch.setenv(f"SM_CHANNEL_{side.upper()}", str(data.folder / side))
    monkeypatch.setenv("SM_MODEL_DIR", str(tmp_path / "model"))
    places = tuple(f"--{name}=" for name in ("train", "validation", "features", "model-dir"))
    assert train.main([flag for flag in data.flags("", rounds=2) if not flag.startswith(places)]) == 0
    assert (tmp_path / "model" / "model.ubj").exists()


def test_a_data_file_that_is_missing_or_no_parquet(tmp_path, data):
    data.train.unlink()
    assert "the train channel has no data.parquet" in refusal(data, tmp_path)
    data.train.write_text("age,income\n")
    assert "cannot be read as Parquet" in refusal(data, tmp_path)


def test_a_data_file_that_is_cut_off_or_damaged_in_the_middle(tmp_path, data):
    content = bytearray(data.train.read_bytes())
    data.train.write_bytes(content[:-200])
    assert "cannot be read as Parquet" in refusal(data, tmp_path)
    content[4:400] = b"\xff" * 396  # the first feature's pages; the target's are whole
    data.train.write_bytes(content)
    assert "cannot be read as Parquet" in refusal(data, tmp_path)


def test_features_that_are_missing_or_of_another_format(tmp_path, data):
    file = data.folder / "features" / "features.json"
    file.write_text('{"format": 99}')
    assert "not of format 1" in refusal(data, tmp_path)
    file.write_text("{")
    assert "features.json cannot be used" in refusal(data, tmp_path)
    file.unlink()
    assert "has no features.json" in refusal(data, tmp_path)


def test_columns_that_do_not_fit_the_features(tmp_path, data):
    table = pq.read_table(data.validation)
    pq.write_table(table.drop_columns(["plan"]), data.validation)
    assert "has no column 'plan'" in refusal(data, tmp_path)
    pq.write_table(table.set_column(0, "age", table.column(0).cast("float64")), data.validation)
    assert "column 'age'" in (sentence := refusal(data, tmp_path))
    assert "double, not float32" in sentence


def test_features_without_a_single_column(tmp_path, data):
    file = data.folder / "features" / "features.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"columns": []}))
    assert "names no feature columns" in refusal(data, tmp_path)


def test_an_infinite_feature(tmp_path, data):
    table = pq.read_table(data.train)
    pq.write_table(table.set_column(0, "age", [np.full(1500, np.inf, np.float32)]), data.train)
    assert "XGBoost refuses" in (sentence := refusal(data, tmp_path))
    assert "inf" in sentence


@pytest.mark.parametrize(
    ("side", "target", "words"),
    [
        ("train", np.zeros(0), "the train side has no rows"),
        ("validation", np.zeros(0), "the validation side has no rows"),
        ("train", np.ones(100), "the train side holds nothing but 'yes' in 'outcome'"),
        ("validation", np.zeros(100), "the validation side holds nothing but 'no' in 'outcome'"),
        ("train", np.full(100, np.nan), "100 values of 'outcome'"),
        ("train", np.array([0, 1, 2]), "such as 2.0, are not class numbers 0 to 1"),
        ("validation", np.array([0, 1, 0.5]), "such as 0.5, are not class numbers 0 to 1"),
    ],
)
def test_a_target_without_variation(tmp_path, data, side, target, words):
    data.with_target(getattr(data, side), target)
    assert words in refusal(data, tmp_path)


def test_a_constant_or_infinite_value_to_predict(tmp_path, encoded):
    data = encoded(tmp_path / "data", "regression")
    data.with_target(data.train, np.full(100, 3.5))
    assert "the train side holds nothing but the value 3.5" in refusal(data, tmp_path)
    data.with_target(data.train, np.array([1, 2, np.inf]))
    assert "1 values of 'outcome'" in refusal(data, tmp_path)


def test_a_validation_side_of_one_value_is_fine_for_regression(tmp_path, encoded):
    data = encoded(tmp_path / "data", "regression")
    data.with_target(data.validation, np.full(100, 3.5))
    trained(data, tmp_path / "model")


def test_training_that_diverges(tmp_path, encoded):
    data = encoded(tmp_path / "data", "regression")
    data.with_target(data.train, np.linspace(-3e38, 3e38, 1500))
    assert "train-rmse is" in (sentence := refusal(data, tmp_path))
    assert "in round 0" in sentence


def test_a_bundle_without_its_handler(tmp_path, data, monkeypatch):
    monkeypatch.setattr(model_folder, "BUNDLE", tmp_path)
    assert "inference.py is missing beside train.py" in refusal(data, tmp_path)


def test_a_model_directory_that_cannot_be_written(tmp_path, data):
    (tmp_path / "file").touch()
    assert train.main(data.flags(tmp_path / "file" / "model", **QUICK)) == 1
    assert "cannot write to" in (sentence := (tmp_path / "output" / "failure").read_text())
    assert "Not a directory" in sentence


def test_a_disk_that_fills_up_while_the_model_is_written(tmp_path, data, monkeypatch):
    write = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if path.name != "metadata.json":
            return write(path, content)
        path.touch()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    assert refusal(data, tmp_path).startswith(f"cannot write to {tmp_path / 'model'}: No space left on device")


def test_a_disk_that_fills_up_while_a_checkpoint_is_written(tmp_path, data, monkeypatch):
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(atomic_files.os, "fsync", full)
    checkpoints = tmp_path / "checkpoints"
    sentence = refusal(data, tmp_path, checkpoints=checkpoints, checkpoint_rounds=2)
    assert sentence.startswith(f"cannot write to {checkpoints}: No space left on device")
    assert list(checkpoints.iterdir()) == []


# --- the command ---


def test_help_imports_nothing_heavy():
    code = "import sys, train\ntry: train.main(['--help'])\nfinally: assert 'numpy' not in sys.modules"
    completed = subprocess.run([sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True, timeout=30)
    assert completed.returncode == 0, completed.stderr
    assert "--early-stopping-rounds N" in completed.stdout


def weighted(data, weights: dict[str, np.ndarray]) -> None:
    """Gives the rows of each side a weight, as preprocess does by data.weight."""
    replace(data.features, weight="rows").write(data.folder / "features" / "features.json")
    for side, values in weights.items():
        file = data.folder / side / "data.parquet"
        table = pq.read_table(file)
        pq.write_table(table.add_column(0, "rows", pa.array(values, pa.float32())), file)


def test_rows_count_by_their_weights(data, tmp_path):
    """Most labels are turned round in rows that weigh nothing, so that a model that counts them learns the contrary."""
    weights, random = {}, np.random.default_rng(5)
    for file in (data.train, data.validation):
        target = pq.read_table(file)["outcome"].to_numpy()
        wrong = random.random(len(target)) < 0.7
        data.with_target(file, np.where(wrong, 1 - target, target))
        weights[file.parent.name] = np.where(wrong, 0, 2)
    plain, labels = validation_predictions(data, trained(data, tmp_path / "plain"))
    weighted(data, weights)
    model = trained(data, tmp_path / "weighted", calibration="auto")
    booster, table = xgb.Booster(model_file=model / "model.ubj"), pq.read_table(data.validation)
    matrix = np.stack([table[name].to_numpy() for name in data.features.names], axis=1)
    right = weights["validation"] > 0
    assert ((plain > 0.5) == labels)[right].mean() < 0.5
    assert ((booster.inplace_predict(matrix) > 0.5) == labels)[right].mean() > 0.75
    assert metadata(model)["calibration"]["slope"] > 1  # by the rows that count; by all of them it would be negative


def test_weights_and_a_remedy_for_rare_classes_are_multiplied(data, tmp_path):
    size = {side: pq.read_table(getattr(data, side)).num_rows for side in ("train", "validation")}
    before = trained(data, tmp_path / "before", imbalance="weights")
    weighted(data, {side: np.full(rows, 3.0) for side, rows in size.items()})
    after = trained(data, tmp_path / "after", imbalance="weights", min_child_weight=3.0, reg_lambda=3.0)
    assert metadata(after)["metrics"]["validation"] == pytest.approx(
        metadata(before)["metrics"]["validation"], rel=1e-3
    )


def test_weights_that_are_all_0_are_refused(data, tmp_path):
    size = {side: pq.read_table(getattr(data, side)).num_rows for side in ("train", "validation")}
    weighted(data, {"train": np.zeros(size["train"]), "validation": np.ones(size["validation"])})
    assert "all weights of the train side are 0 (data.weight)" in refusal(data, tmp_path)
