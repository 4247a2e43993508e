"""The step from end to end: model.tar.gz and a test side in, three files out, or one sentence and none."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xgboost as xgb

import evaluate
import inference
from features import Column, Features, Target

COLUMNS = (
    Column("age", "numeric"),
    Column("plan", "categorical", ("basic", "family", "pro")),
    Column("member", "boolean"),
)
PROBLEMS = {
    "binary": (Target("churn", ("no", "yes")), "binary:logistic", {}, "auc"),
    "multiclass": (Target("move", ("up", "down", "stay")), "multi:softprob", {"num_class": 3}, "weighted_f1"),
    "regression": (Target("value"), "reg:squarederror", {}, "rmse"),
}
ROWS = 400
SCRIPTS = Path(evaluate.__file__).parent


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield


def rows(problem: str, count: int, seed: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    random = np.random.default_rng(seed)
    matrix = np.column_stack(
        [random.normal(40, 10, count), random.integers(0, 4, count), random.integers(0, 2, count)]
    ).astype(np.float32)
    matrix[random.random(count) < 0.05, 1] = np.nan
    signal = (matrix[:, 0] - 40) / 10 + (matrix[:, 2] - 0.5) + random.normal(size=count)
    if problem == "regression":
        return matrix, signal.astype(np.float32)
    edges = [0.0] if problem == "binary" else [-0.8, 0.8]
    return matrix, np.digitize(signal, edges).astype(np.float32)


def write_side(
    folder: Path, features: Features, matrix: npt.NDArray[np.float32], target: npt.NDArray[np.float32]
) -> None:
    columns = {name: matrix[:, number] for number, name in enumerate(features.names)}
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns | {features.target.name: target}), folder / "data.parquet")


def write_sample(folder: Path) -> None:
    """Without a missing value of member, and without a plan that is unknown."""
    folder.mkdir()
    plans = ("basic", "family", "", "pro")
    lines = [f"{20 + number % 41},{plans[number % 4]},{'true' if number % 3 else 'false'}" for number in range(300)]
    (folder / "sample.csv").write_text("\n".join(["age,plan,member", *lines]) + "\n")


def pack(archive: Path, files: dict[str, bytes]) -> None:
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive, "w:gz") as members:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            members.addfile(member, io.BytesIO(content))


def model_files(problem: str, folder: Path) -> dict[str, bytes]:
    target, objective, more, _ = PROBLEMS[problem]
    features = Features(problem, target, COLUMNS, ("",))
    matrix, labels = rows(problem, 1000, seed=1)
    data = xgb.QuantileDMatrix(matrix, labels, feature_types=features.types, enable_categorical=True)
    booster = xgb.train({"objective": objective, "max_depth": 3, "nthread": 1, **more}, data, 10)
    folder.mkdir(parents=True)
    features.write(folder / "features.json")
    metadata = {
        "format": 1,
        "problem": problem,
        "threshold": 0.4 if problem == "binary" else None,
        "best_round": 8,
        "rounds": 10,
        "metrics": {"train": {"rmse": 1.0}, "validation": {"rmse": 1.1}},
    }
    (folder / "metadata.json").write_text(json.dumps(metadata))
    booster.save_model(folder / "model.ubj")
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module", params=list(PROBLEMS))
def job(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with model/ and test/ of a problem, evaluated into output/."""
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "problem").write_text(request.param)
    write_sample(folder / "features")
    pack(folder / "model" / "model.tar.gz", model_files(request.param, folder / "files"))
    write_side(folder / "test", Features.read(folder / "files" / "features.json"), *rows(request.param, ROWS, seed=2))
    assert run(folder) == 0
    return folder


@pytest.fixture
def binary(tmp_path: Path) -> Path:
    pack(tmp_path / "model" / "model.tar.gz", model_files("binary", tmp_path / "files"))
    write_side(tmp_path / "test", Features.read(tmp_path / "files" / "features.json"), *rows("binary", ROWS, seed=2))
    (tmp_path / "problem").write_text("binary")
    write_sample(tmp_path / "features")
    return tmp_path


def run(folder: Path, **changes: str) -> int:
    options = {
        "model": str(folder / "model"),
        "test": str(folder / "test"),
        "features": str(folder / "features"),
        "output": str(folder / "output"),
        "message": str(folder / "message"),
        "metric": PROBLEMS[(folder / "problem").read_text()][3],
        "threshold": "0.5",
    } | changes
    return evaluate.main([part for name, value in options.items() for part in (f"--{name}", value)])


def problem_of(job: Path) -> str:
    return (job / "problem").read_text()


def evaluation(job: Path) -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    content: dict[str, Any] = json.loads((job / "output" / "evaluation.json").read_text(), parse_constant=refuse)
    return content


def refused(folder: Path, **changes: str) -> str:
    """The sentence of a run that must fail and leave nothing."""
    assert run(folder, **changes) == 1
    output = folder / "output"
    assert not output.exists() or list(output.iterdir()) == []
    return (folder / "message").read_text()


def test_its_files_and_nothing_else(job: Path) -> None:
    assert sorted(path.name for path in (job / "output").iterdir()) == [
        "archive.json",
        "evaluation.json",
        "predictions.parquet",
        "report.html",
        "sample_answers.json",
    ]
    assert not (job / "message").exists()


def test_the_archive_is_named_by_its_hash(job: Path) -> None:
    """A release compares what it deploys with it."""
    digest = hashlib.sha256((job / "model" / "model.tar.gz").read_bytes()).hexdigest()
    assert json.loads((job / "output" / "archive.json").read_text()) == {"sha256": digest}


def test_layout_of_model_quality(job: Path) -> None:
    content = evaluation(job)
    assert content["version"] == 0.0
    assert content["dataset"] == {"item_count": ROWS}
    key = {
        "binary": "binary_classification_metrics",
        "multiclass": "multiclass_classification_metrics",
        "regression": "regression_metrics",
    }[problem_of(job)]
    metrics = content[key]
    scalar = [name for name in metrics if "curve" not in name and name != "confusion_matrix"]
    expected = {
        "binary": "recall precision accuracy true_positive_rate true_negative_rate false_positive_rate "
        "false_negative_rate auc f0_5 f1 f2 pr_auc log_loss brier",
        "multiclass": "accuracy weighted_recall weighted_precision weighted_f0_5 weighted_f1 weighted_f2 macro_f1 "
        "log_loss",
        "regression": "mae mse rmse r2",
    }[problem_of(job)].split()
    constant = {
        "binary": ["recall", "precision", "accuracy", "f0_5", "f1", "f2"],
        "multiclass": [name for name in expected if name not in ("macro_f1", "log_loss")],
        "regression": [],
    }[problem_of(job)]
    assert sorted(scalar) == sorted([*expected, *(f"{name}_best_constant_classifier" for name in constant)])
    for name in scalar:
        assert isinstance(metrics[name]["value"], float), name
        assert metrics[name]["standard_deviation"] >= 0, name
    for name in expected:
        low, high = metrics[name]["confidence_interval"]
        assert low <= metrics[name]["value"] <= high, name
        assert "baseline" in metrics[name], name


def test_confusion_matrix_is_by_true_then_predicted_class(job: Path) -> None:
    problem = problem_of(job)
    if problem == "regression":
        assert "confusion_matrix" not in evaluation(job)["regression_metrics"]
        return
    table = pq.read_table(job / "output" / "predictions.parquet")
    target, prediction = table["target"].to_numpy().astype(int), table["prediction"].to_numpy().astype(int)
    classes = PROBLEMS[problem][0].classes
    cells = np.zeros((len(classes), len(classes)), int)
    np.add.at(cells, (target, prediction), 1)
    expected = {name: dict(zip(classes, row, strict=True)) for name, row in zip(classes, cells.tolist(), strict=True)}
    assert evaluation(job)[f"{problem}_classification_metrics"]["confusion_matrix"] == expected


def test_curves_of_a_binary_model(binary: Path) -> None:
    assert run(binary) == 0
    metrics = evaluation(binary)["binary_classification_metrics"]
    roc = metrics["receiver_operating_characteristic_curve"]
    assert 2 < len(roc["false_positive_rates"]) == len(roc["true_positive_rates"]) <= 200
    area = np.trapezoid(roc["true_positive_rates"], roc["false_positive_rates"])
    assert area == pytest.approx(metrics["auc"]["value"], abs=0.01)
    curve = metrics["precision_recall_curve"]
    assert 2 < len(curve["precisions"]) == len(curve["recalls"]) <= 200


def test_predictions_are_the_handler_s_own_in_order(job: Path) -> None:
    problem = problem_of(job)
    model = inference.load(job / "files")
    matrix, target = rows(problem, ROWS, seed=2)
    expected = inference.predict_matrix(model, matrix)
    table = pq.read_table(job / "output" / "predictions.parquet")
    assert table["target"].to_pylist() == target.tolist()
    if problem == "regression":
        assert table.column_names == ["target", "prediction"]
        assert table["prediction"].to_numpy().tobytes() == expected.values.tobytes()
        return
    classes = PROBLEMS[problem][0].classes
    assert table.column_names == ["target", "prediction", *(f"probability_{name}" for name in classes)]
    assert table["prediction"].to_pylist() == expected.labels.tolist()
    for number, name in enumerate(classes):
        written = table[f"probability_{name}"].to_numpy()
        assert written.tobytes() == np.ascontiguousarray(expected.probabilities[:, number]).tobytes()


def pairs_in_order(target: npt.NDArray[Any], scores: npt.NDArray[Any]) -> float:
    """AUC: the share of pairs of a positive and a negative row with the higher score at the positive one; ties half."""
    positive, negative = scores[target == 1][:, None], scores[target == 0]
    return float(np.mean((positive > negative) + (positive == negative) / 2))


def weighted_f1(target: npt.NDArray[Any], predicted: npt.NDArray[Any]) -> float:
    def f1(number: int) -> float:
        return float(
            2 * np.sum((target == number) & (predicted == number)) / np.sum([target == number, predicted == number])
        )

    return sum(f1(number) * float(np.mean(target == number)) for number in np.unique(target))


def test_metrics_are_of_those_predictions(job: Path) -> None:
    problem, content = problem_of(job), evaluation(job)
    table = pq.read_table(job / "output" / "predictions.parquet")
    target, predicted = table["target"].to_numpy(), table["prediction"].to_numpy()
    expected = {
        "binary": lambda: pairs_in_order(target, table.column(3).to_numpy()),
        "multiclass": lambda: weighted_f1(target, predicted),
        "regression": lambda: np.sqrt(np.mean((target - predicted) ** 2)),
    }[problem]()
    assert content["gate"]["value"] == pytest.approx(expected)
    assert content["gate"]["metric"] == PROBLEMS[problem][3]
    assert (content["gate"]["champion"], content["gate"]["shortfall"]) == (None, 0.0)


def test_slices_are_those_of_the_columns(job: Path) -> None:
    matrix, _ = rows(problem_of(job), ROWS, seed=2)
    found = {(piece["column"], piece["level"], piece["group"]): piece for piece in evaluation(job)["slices"]}
    family = found["plan", "family", "level"]
    assert family["rows"] == int((matrix[:, 1] == 2).sum())
    assert {column for column, _, _ in found} == {"plan", "member"}
    assert family["difference"] == pytest.approx(family["value"] - evaluation(job)["gate"]["value"])


def test_many_batches_give_the_same_as_one(binary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(binary) == 0
    whole = [(binary / "output" / name).read_bytes() for name in ("evaluation.json", "report.html")]
    predictions = pq.read_table(binary / "output" / "predictions.parquet")
    monkeypatch.setattr("encoded_data.BATCH_CELLS", 300)
    assert run(binary) == 0
    assert [(binary / "output" / name).read_bytes() for name in ("evaluation.json", "report.html")] == whole
    assert pq.read_table(binary / "output" / "predictions.parquet").equals(predictions)


def test_the_same_bytes_twice(job: Path, tmp_path: Path) -> None:
    assert run(job, output=str(tmp_path)) == 0
    for name in evaluate.OUTPUTS:
        digests = [hashlib.sha256((folder / name).read_bytes()).hexdigest() for folder in (job / "output", tmp_path)]
        assert digests[0] == digests[1], name


def test_the_log_ends_with_a_line_for_each_metric(binary: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(binary) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("threshold: pass: auc is 0.")
    assert lines[2] == "champion: pass: there is no champion yet"
    start = next(number for number, line in enumerate(lines) if line.startswith("metric"))
    assert [line.split()[0] for line in lines[start + 1 : -1]] == [
        *("auc", "pr_auc", "accuracy", "precision", "recall", "f1", "log_loss", "brier")
    ]
    assert lines[-1] == f"report: {binary / 'output' / 'report.html'}"


def champion_of(job: Path, folder: Path, package: str = "churn/3") -> Path:
    """The job's own model as the champion, with the handler in its archive; beside the test side its raw rows."""
    code = {f"code/{path.name}": path.read_bytes() for path in SCRIPTS.glob("*.py")}
    pack(folder / "model.tar.gz", model_files(problem_of(job), folder / "files") | code)
    (folder / "evaluation.json").write_text(json.dumps({"champion": package}))
    write_raw(job)
    return folder


def write_raw(job: Path, **changes: Any) -> None:
    matrix, _ = rows(problem_of(job), ROWS, seed=2)
    levels = (None, "rare", *COLUMNS[1].levels)
    codes = np.where(np.isnan(matrix[:, 1]), -1, matrix[:, 1]).astype(int) + 1
    plan = pa.array([levels[code] for code in codes]).dictionary_encode()
    columns = {"age": matrix[:, 0].astype(np.float64), "plan": plan, "member": matrix[:, 2] == 1} | changes
    pq.write_table(
        pa.table({name: values for name, values in columns.items() if values is not None}),
        job / "test" / "raw.parquet",
    )


def test_the_same_model_as_champion_gives_the_same_metrics_on_the_same_rows(job: Path, tmp_path: Path) -> None:
    """Of every problem type, from raw rows by the code of its own archive."""
    folder = champion_of(job, tmp_path / "champion")
    assert run(job, champion=str(folder), output=str(tmp_path / "output")) == 0
    gate = evaluation(tmp_path)["gate"]
    assert (gate["comparison"], gate["champion_package"], gate["rows"]) == ("compared", "churn/3", ROWS)
    assert gate["champion"] == gate["value"]
    assert gate["difference_confidence_interval"] == [0.0, 0.0]
    assert gate["champion_verdict"] == "pass"
    assert "on a par with production" in (tmp_path / "output" / "report.html").read_text()


def test_planted_a_worse_model_with_a_better_stored_metric_does_not_pass(binary: Path, tmp_path: Path) -> None:
    """Planted: its evaluation was of easier rows. On the same rows the champion is far better."""
    folder = champion_of(binary, tmp_path / "champion")
    stored = {"champion": "churn/3", "binary_classification_metrics": {"auc": {"value": 0.51}}}
    (folder / "evaluation.json").write_text(json.dumps(stored))
    files = {path.name: path.read_bytes() for path in (binary / "files").iterdir()}
    features = Features.read(binary / "files" / "features.json")
    matrix, labels = rows("binary", 40, seed=9)
    data = xgb.QuantileDMatrix(matrix, labels, feature_types=features.types, enable_categorical=True)
    poor = xgb.train({"objective": "binary:logistic", "max_depth": 1, "nthread": 1}, data, 1)
    pack(binary / "model" / "model.tar.gz", files | {"model.ubj": bytes(poor.save_raw("ubj"))})
    assert run(binary, champion=str(folder), tolerance="0.02") == 0
    gate = evaluation(binary)["gate"]
    assert gate["value"] > 0.51  # the stored metric says that it is better
    assert gate["champion"] > gate["value"] + 0.02
    assert (gate["champion_verdict"], gate["comparison"]) == ("fail", "compared")
    assert "worse than production&#x27;s model" in (binary / "output" / "report.html").read_text()


def test_the_champion_s_code_is_its_own(binary: Path, tmp_path: Path) -> None:
    """Another version of the handler and of its modules, which would break this one; and another threshold."""
    folder = tmp_path / "champion"
    handler = b"""
import pyarrow as pa, pyarrow.parquet as pq
from features import LABELS
def model_fn(folder):
    return open(f"{folder}/model.txt").read()
def transform_fn(model, body, content_type, accept):
    assert (content_type, accept) == ("application/x-parquet", "application/x-parquet")
    print("a log line")
    table = pq.read_table(pa.BufferReader(body))
    score = [float(model) for _ in range(len(table))]
    sink = pa.BufferOutputStream()
    columns = {"probability_yes": score, "label": LABELS * len(table), "probability_no": [1 - s for s in score]}
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue().to_pybytes(), accept
"""
    files = {"model.txt": b"0.7", "code/inference.py": handler, "code/features.py": b"LABELS = ['yes']"}
    pack(folder / "model.tar.gz", files)
    write_raw(binary)
    assert run(binary, champion=str(folder), metric="recall") == 0
    gate = evaluation(binary)["gate"]
    assert (gate["champion"], gate["champion_package"]) == (pytest.approx(1.0), "")


def test_a_champion_that_needs_other_columns_is_compared_with_nobody(
    binary: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = champion_of(binary, tmp_path / "champion")
    write_raw(binary, member=None)
    assert run(binary, champion=str(folder), unscorable="pass") == 0
    gate = evaluation(binary)["gate"]
    assert (gate["comparison"], gate["champion"], gate["champion_verdict"]) == ("impossible", None, "pass")
    assert gate["champion_reason"].endswith(
        'it refuses these rows: column "member" is missing; a value may be empty or null, a column may not'
    )
    assert "champion: pass: it was compared with nobody" in capsys.readouterr().out


def test_what_else_keeps_a_champion_from_being_compared(binary: Path, tmp_path: Path) -> None:
    def reason() -> str:
        assert run(binary, champion=str(folder)) == 0
        gate = evaluation(binary)["gate"]
        assert gate["comparison"] == "impossible"
        return str(gate["champion_reason"])

    folder = champion_of(binary, tmp_path / "champion")
    (binary / "test" / "raw.parquet").unlink()
    assert reason().endswith("the test side has no raw.parquet: run preprocess again")
    write_raw(binary)
    (folder / "model.tar.gz").write_bytes(b"not an archive")
    assert "cannot be unpacked" in reason()
    (folder / "model.tar.gz").unlink()
    assert reason().endswith("its model.tar.gz is not there: the next release to production stores it")
    files = model_files("multiclass", tmp_path / "other")
    pack(folder / "model.tar.gz", files | {f"code/{path.name}": path.read_bytes() for path in SCRIPTS.glob("*.py")})
    assert reason().endswith("its classes are down, stay, up, those of this model no, yes")
    pack(folder / "model.tar.gz", {"code/inference.py": b"raise SystemExit('no model here')"})
    assert reason().endswith("no model here")


@pytest.mark.parametrize("content", ['{"champion": "none"}', None])
def test_a_placeholder_is_no_champion(binary: Path, tmp_path: Path, content: str | None) -> None:
    if content:
        (tmp_path / "evaluation.json").write_text(content)
    assert run(binary, champion=str(tmp_path), unscorable="fail") == 0
    gate = evaluation(binary)["gate"]
    assert (gate["comparison"], gate["champion_verdict"]) == ("none", "pass")


@pytest.mark.parametrize("content", ["{oops", "[1]"])
def test_a_damaged_record_of_the_champion_is_refused(binary: Path, tmp_path: Path, content: str) -> None:
    (tmp_path / "evaluation.json").write_text(content)
    assert "the champion's evaluation.json is not readable JSON" in refused(binary, champion=str(tmp_path))


def test_sample_answers_are_the_handler_s_own_to_each_row_alone(job: Path) -> None:
    content = json.loads((job / "output" / "sample_answers.json").read_text())
    assert content["model"] == hashlib.sha256((job / "files" / "model.ubj").read_bytes()).hexdigest()
    assert content["content_type"] == "text/csv"
    model = inference.load(job / "files")
    for request in content["requests"]:
        response, _ = inference.respond(model, request["body"].encode(), "text/csv", "application/json")
        assert json.loads(response) == {"predictions": [request["answer"]]}


def test_a_missing_sample_is_refused(binary: Path) -> None:
    (binary / "features" / "sample.csv").unlink()
    assert "there is no sample.csv in" in refused(binary)


def test_a_missing_or_damaged_archive_is_refused(binary: Path) -> None:
    assert "there is no" in refused(binary, model=str(binary))
    archive = binary / "model" / "model.tar.gz"
    archive.write_bytes(archive.read_bytes()[:2000])
    assert "cannot be unpacked" in refused(binary)
    archive.write_bytes(b"not an archive")
    assert "cannot be unpacked" in refused(binary)


def test_a_disk_that_is_full_is_not_taken_for_a_damaged_archive(binary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tarfile.TarFile, "makefile", full)
    assert refused(binary).startswith(f"cannot write to {binary / 'output'}: No space left on device")


def test_an_archive_that_lacks_a_file_is_refused(binary: Path) -> None:
    files = {path.name: path.read_bytes() for path in (binary / "files").iterdir()}
    for name in ("model.ubj", "features.json", "metadata.json"):
        pack(binary / "model" / "model.tar.gz", {other: files[other] for other in files if other != name})
        assert f"lacks {name}: train the model again" in refused(binary)


def test_an_archive_with_a_broken_file_is_refused(binary: Path) -> None:
    files = {path.name: path.read_bytes() for path in (binary / "files").iterdir()}
    for name, content in (
        ("model.ubj", files["model.ubj"][:500]),
        ("features.json", b"{}"),
        ("metadata.json", b"[]"),
        ("metadata.json", b"{"),
    ):
        pack(binary / "model" / "model.tar.gz", files | {name: content})
        sentence = refused(binary)
        assert "cannot be loaded" in sentence
        assert "\n" not in sentence


def test_an_archive_that_reaches_out_of_its_folder_is_refused(binary: Path) -> None:
    files = {path.name: path.read_bytes() for path in (binary / "files").iterdir()}
    pack(binary / "model" / "model.tar.gz", files | {"../../escaped": b"x"})
    assert "cannot be unpacked" in refused(binary)
    assert not list(binary.rglob("escaped"))


@pytest.mark.slow
def test_a_test_side_that_is_missing_empty_or_tiny_is_refused(binary: Path) -> None:
    features = Features.read(binary / "files" / "features.json")
    matrix, target = rows("binary", 2, seed=3)
    assert "no data.parquet" in refused(binary, test=str(binary / "nowhere"))
    write_side(binary / "test", features, matrix[:0], target[:0])
    assert "the test side has no rows" in refused(binary)
    write_side(binary / "test", features, matrix, np.zeros(2, np.float32))
    assert "nothing but 'no'" in refused(binary)
    (binary / "test" / "data.parquet").write_bytes(b"PAR1")
    assert "cannot be read as Parquet" in refused(binary)


def test_one_row_of_a_regression_is_refused(tmp_path: Path) -> None:
    (tmp_path / "problem").write_text("regression")
    pack(tmp_path / "model" / "model.tar.gz", model_files("regression", tmp_path / "files"))
    write_sample(tmp_path / "features")
    features = Features.read(tmp_path / "files" / "features.json")
    matrix, target = rows("regression", 3, seed=3)
    write_side(tmp_path / "test", features, matrix[:1], target[:1])
    assert "has only 1 row" in refused(tmp_path)
    write_side(tmp_path / "test", features, matrix, np.full(3, 2.0, np.float32))
    assert "r2 is undefined" in refused(tmp_path, metric="r2")
    assert run(tmp_path, metric="rmse") == 0
    assert "r2" not in evaluation(tmp_path)["regression_metrics"]


def test_a_test_side_of_another_run_is_refused(binary: Path) -> None:
    features = Features.read(binary / "files" / "features.json")
    matrix, target = rows("binary", 200, seed=3)
    write_side(binary / "test", features, matrix, target + 1)
    assert "are not class numbers" in refused(binary)
    matrix[5, 1] = 9
    write_side(binary / "test", features, matrix, target)
    assert "column 'plan'" in refused(binary)
    pq.write_table(pa.table({"age": matrix[:, 0], "churn": target}), binary / "test" / "data.parquet")
    assert "has no column 'plan'" in refused(binary)


def test_a_wrong_metric_or_flag_is_refused(binary: Path) -> None:
    assert "set quality_gate.metric to one of auc, pr_auc" in refused(binary, metric="gini")
    assert "unrecognized arguments: --metrics auc" in refused(binary, metrics="auc")


def test_an_output_that_cannot_be_written_is_refused(binary: Path) -> None:
    (binary / "taken").write_text("a file")
    assert run(binary, output=str(binary / "taken")) == 1
    assert "cannot write to" in (binary / "message").read_text()
