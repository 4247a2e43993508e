"""An algorithm of one's own, by one file: the example of docs/bring-your-own-model.md, beside the linear one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.datasets import load_breast_cancer, load_wine

from tests.steps.copied_scripts import Run, example


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Naive Bayes is production's, and a linear model is the new one."""
    done = Run(tmp_path_factory.mktemp("algorithm"))
    done.write("algorithm_bayes.py", example("algorithm_bayes.py"))
    table = load_breast_cancer(as_frame=True).frame.rename(columns={"target": "kind"})
    table.loc[::7, "mean area"] = np.nan
    table["kind"] = np.where(table["kind"] == 1, "benign", "malignant")
    data = pa.Table.from_pandas(table, preserve_index=False)
    done.preprocess(data, target="kind", problem="binary", positive="malignant")
    done.train("bayes", algorithm="bayes")
    done.evaluate("bayes", metric="auc", threshold=0.9)
    done.train("linear", algorithm="linear")
    done.evaluate("linear", metric="auc", threshold=0.9, champion=done.folder / "bayes")
    return done


def evaluation(run: Run, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run.folder / f"{name}-evaluation" / "evaluation.json").read_text())
    return found


@pytest.mark.parametrize("name", ["bayes", "linear"])
def test_the_model_is_judged_and_reported(run: Run, name: str) -> None:
    gate = evaluation(run, name)["gate"]
    assert gate["value"] > 0.97
    assert gate["threshold_verdict"] == "pass"
    report = (run.folder / f"{name}-evaluation" / "report.html").read_text()
    assert "Feature importance" in report
    assert "Best round" not in report


@pytest.mark.parametrize("name", ["bayes", "linear"])
def test_an_endpoint_answers_what_was_evaluated_bit_for_bit(run: Run, name: str) -> None:
    answers = run.serve(name, pq.read_table(run.folder / "test" / "raw.parquet"))
    evaluated = pq.read_table(run.folder / f"{name}-evaluation" / "predictions.parquet")
    column = "probability_malignant"
    assert answers[column].to_numpy().tobytes() == evaluated[column].to_numpy().tobytes()


def test_a_champion_of_another_algorithm_is_compared(run: Run) -> None:
    gate = evaluation(run, "linear")["gate"]
    assert gate["champion"] == pytest.approx(evaluation(run, "bayes")["gate"]["value"])


EXPLAIN = """
import json, sys
import inference
model, body = inference.model_fn(sys.argv[1]), open(sys.argv[2], "rb").read()
print(inference.respond(model, body, "text/csv", "application/json; explain=2")[0].decode())
print("xgboost" in sys.modules)
"""


@pytest.mark.parametrize("name", ["bayes", "linear"])
def test_a_prediction_is_explained_and_no_other_algorithm_is_loaded(run: Run, name: str, tmp_path: Path) -> None:
    lines = (run.folder / "features" / "sample.csv").read_text().splitlines()
    (tmp_path / "body.csv").write_text("\n".join(lines[:4]) + "\n")
    environment = os.environ | {"PYTHONPATH": str(run.folder / name / "code")}
    arguments = [str(run.folder / name), str(tmp_path / "body.csv")]
    done = subprocess.run(
        [sys.executable, "-P", "-c", EXPLAIN, *arguments], env=environment, capture_output=True, check=True, timeout=60
    )
    body, loaded = done.stdout.decode().splitlines()[-2:]
    for row in json.loads(body)["predictions"]:
        largest = [abs(part["contribution"]) for part in row["explanation"]]
        assert len(largest) == 2
        assert largest == sorted(largest, reverse=True)
    assert loaded == "False"


def test_several_classes_and_what_it_cannot_do(tmp_path: Path) -> None:
    several = Run(tmp_path / "several")
    several.write("algorithm_bayes.py", example("algorithm_bayes.py"))
    table = load_wine(as_frame=True).frame
    several.preprocess(
        pa.Table.from_pandas(table, preserve_index=False), target="target", problem="multiclass", test_fraction=0.3
    )
    several.train("bayes", algorithm="bayes")
    several.evaluate("bayes", metric="accuracy", threshold=0.8)
    assert evaluation(several, "bayes")["gate"]["value"] > 0.9
    failed = several.train("none", code=1, algorithm="nothing")
    assert 'there is no algorithm_nothing.py for training.algorithm = "nothing": it is "bayes" or' in failed.stderr
