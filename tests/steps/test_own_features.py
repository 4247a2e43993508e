"""Own features by one file: the example of docs/bring-your-own-model.md, from raw rows to an endpoint's answers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.steps.copied_scripts import Run, example

ROOT = Path(__file__).resolve().parents[2]
ROWS = 1500
REGIONS = {"N": "north", "E": "east", "S": "south"}
COMPUTED = ["age in days", "rent of income", "relative income", "region"]


def loans() -> pa.Table:
    """A default follows from what no single column says."""
    random = np.random.default_rng(4)
    born = [date(1950, 1, 1) + timedelta(int(days)) for days in random.integers(0, 18000, ROWS)]
    applied = [date(2020, 1, 1) + timedelta(int(days)) for days in random.integers(0, 1000, ROWS)]
    income, rent = random.uniform(1, 5, ROWS).round(2), random.uniform(0.2, 2, ROWS).round(2)
    postcode = [f"{letter}{number:05}" for number, letter in enumerate(random.choice(list("NESW"), ROWS))]
    risk = 6 * (rent / income - 0.4) + (np.array([code[0] for code in postcode]) == "N") + random.normal(0, 0.3, ROWS)
    columns = {"born": born, "applied": applied, "income": income, "rent": rent, "postcode": postcode}
    return pa.table(columns | {"default": np.where(risk > 0.5, "yes", "no")})


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Only scripts/own_features.py differs from the template's."""
    done = Run(tmp_path_factory.mktemp("own"))
    done.write("own_features.py", example("own_features.py"))
    done.preprocess(loans(), target="default", problem="binary", ignore=["rent"])
    done.train("model")
    done.evaluate("model", metric="auc", threshold=0.9)
    return done


def test_the_computed_columns_are_features_beside_those_of_the_data(run: Run) -> None:
    features = run.features
    assert features.names[-4:] == COMPUTED
    assert features.kinds["region"] == "categorical"
    assert "rent" not in features.names  # data.ignore
    assert "postcode" not in features.names  # nearly every value differs
    assert set(features.raw_names) == {"born", "applied", "income", "rent", "postcode"}


def test_each_value_is_what_the_file_says(run: Run) -> None:
    raw, encoded = (pq.read_table(run.folder / "test" / f"{name}.parquet") for name in ("raw", "data"))
    rows, levels = raw.to_pylist(), {column.name: column.levels for column in run.features.columns}["region"]
    mean = run.features.own.fitted["mean income"]
    for at, row in enumerate(rows):
        region = REGIONS.get(row["postcode"][0])
        found = [encoded[name][at].as_py() for name in COMPUTED]
        assert found[0] == (row["applied"] - row["born"]).days
        assert found[1] == np.float32(row["rent"] / row["income"])
        assert found[2] == np.float32(row["income"] / mean)
        assert np.isnan(found[3]) if region is None else levels[int(found[3]) - 1] == region


def test_fit_reads_all_training_rows_and_no_others(run: Run) -> None:
    table, mean = loans(), run.features.own.fitted["mean income"]
    of_test = pq.read_table(run.folder / "test" / "raw.parquet")["income"].to_numpy().sum()
    assert run.features.details["rows"]["train"] > 900
    everything = table["income"].to_numpy().sum()
    of_validation = everything - of_test - mean * run.features.details["rows"]["train"]
    relative = pq.read_table(run.folder / "validation" / "data.parquet")["relative income"].to_numpy()
    assert of_validation == pytest.approx(float(relative.sum()) * mean, rel=1e-5)


def test_the_table_of_columns_shows_them(run: Run) -> None:
    rows = {one["name"]: one for one in run.features.details["columns"]}
    assert [rows[name]["taken_as"] for name in ("rent", "postcode", "born", "region")] == [
        "input",
        "input",
        "time",
        "categorical",
    ]
    assert rows["region"]["levels"]
    assert rows["age in days"]["note"] == "computed by own_features.py"
    assert "rent of income" in (run.folder / "model-evaluation" / "report.html").read_text()


def test_an_endpoint_answers_what_was_evaluated_bit_for_bit(run: Run) -> None:
    """From the raw rows, by the model's own code; the evaluation had the encoded ones."""
    answers = run.serve("model", pq.read_table(run.folder / "test" / "raw.parquet"))
    evaluated = pq.read_table(run.folder / "model-evaluation" / "predictions.parquet")
    probability = next(name for name in evaluated.column_names if name.startswith("probability"))
    assert answers[probability].to_numpy().tobytes() == evaluated[probability].to_numpy().tobytes()


def test_the_model_learns_from_them(run: Run) -> None:
    evaluation = json.loads((run.folder / "model-evaluation" / "evaluation.json").read_text())
    assert evaluation["gate"]["value"] > 0.95


def test_a_model_of_another_version_of_the_file_is_not_loaded(run: Run, tmp_path: Path) -> None:
    shutil.copytree(run.folder / "model", tmp_path / "model")
    with (tmp_path / "model" / "code" / "own_features.py").open("a") as file:
        file.write("# changed\n")
    code = f"import inference; inference.model_fn({str(tmp_path / 'model')!r})"
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "model" / "code")}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert "own_features.py is not the one that the features were computed with" in done.stderr
