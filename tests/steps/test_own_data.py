"""Your own data by settings only: raw files in, a judged and registered model out, whose endpoint predicts for raw rows
what was evaluated, bit for bit.

One file, since every worker that runs these tests makes the three models again.
"""

import hashlib
import io
import json
import subprocess
import sys
from contextlib import contextmanager

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
import xgboost
from sklearn import metrics
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

from features import Features
from localcloud.testing import request_problems
from preprocessing.splitting import SIDES, Split
from release import known_requests


def better(case, value):
    return value <= case.good if case.metric == "rmse" else value >= case.good


def test_the_run_ends_with_a_judged_model(case):
    assert case.done.returncode == 0, case.done.stdout + case.done.stderr
    gate = case.evaluation["gate"]
    assert gate["metric"] == case.metric
    assert gate["champion"] is None
    assert better(case, gate["value"]), gate


def test_every_row_is_accounted_for(case):
    features = Features.read(case.run_folder / "preprocess/features/features.json")
    rows = features.details["rows"]
    assert sum(rows.values()) == case.table.num_rows
    assert rows["rejected"] == 0
    assert min(rows["train"], rows["validation"], rows["test"]) > 10
    assert case.evaluation["dataset"]["item_count"] == rows["test"]


def test_the_overrides_are_applied(case):
    features = Features.read(case.run_folder / "preprocess/features/features.json")
    ignored = {entry["name"] for entry in features.details["ignored"]}
    if case.name == "multiclass":
        assert {"ash", "note"} <= ignored
        assert features.kinds["strength"] == "categorical"
        assert features.labels == [0, 1, 2]
    if case.name == "regression":
        assert features.kinds["sex"] == "categorical"
    if case.name == "binary":
        assert features.target.classes == ("benign", "malignant")


def test_facets_are_compared_in_labels_and_predictions(case):
    if case.name != "multiclass":
        assert "facets" not in case.evaluation
        return
    groups = {one["group"]: one for one in case.evaluation["facets"]}
    assert set(groups) == {"strong", "light"}
    assert groups["strong"]["CI"] == -groups["light"]["CI"]
    for measure in ("DPL", "DPPL"):
        assert set(groups["strong"][measure]) == {"0", "1", "2"}
        assert abs(groups["strong"][measure]["0"]) > 0.3  # the first cultivar is strong
    learned = Features.read(case.run_folder / "preprocess/features/features.json").details["facets"]
    assert sum(one["rows"] for one in learned) == Features.read(case.model / "features.json").details["rows"]["train"]


def test_the_package_is_one_that_aws_accepts(case):
    model = case.client("sagemaker").meta.service_model
    members = model.operation_model("CreateModelPackage").input_shape.members
    request = {name: value for name, value in case.package.items() if name in members}
    assert request_problems("sagemaker", "CreateModelPackage", request) == []
    assert request["ModelApprovalStatus"] == "PendingManualApproval"
    listed = uris(request)
    assert len(listed) > 3
    for uri in listed:
        assert case.keys(uri), uri


def uris(node):
    if isinstance(node, dict):
        return [uri for value in node.values() for uri in uris(value)]
    if isinstance(node, list):
        return [uri for value in node for uri in uris(value)]
    return [node] if isinstance(node, str) and node.startswith("s3://") else []


def test_the_model_is_in_xgboosts_own_format(case):
    booster = xgboost.Booster()
    booster.load_model(case.model / "model.ubj")
    assert booster.feature_types == Features.read(case.model / "features.json").types
    assert not [path for path in case.model.rglob("*") if path.suffix in (".pkl", ".pickle", ".joblib")]


def test_the_report_is_self_contained(case):
    report = (case.run_folder / "evaluate/evaluation/report.html").read_text()
    assert "<svg" in report
    assert "http://" not in report.replace("http://www.w3.org", "")
    assert "https://" not in report
    assert "<script" not in report


@contextmanager
def serving(model):
    command = [sys.executable, "-m", "localcloud.runtime.serving", "--model-dir", str(model)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()
            server.wait(timeout=30)


@pytest.fixture(scope="session")
def url(case):
    with serving(case.model) as url:
        yield url


def sides_of(case):
    """All rows, and the position in SIDES of each."""
    features = Features.read(case.model / "features.json")
    split = features.details["split"]
    key = [name for name in case.table.column_names if name != features.target.name]  # no key was named: all columns
    divide = Split(tuple(key), split["validation_fraction"], split["test_fraction"])
    table = case.table.combine_chunks()
    assert table.num_rows == sum(features.details["rows"].values())
    return table, divide.sides({name: table[name].combine_chunks() for name in key})


def raw_test_rows(case):
    table, sides = sides_of(case)
    target = Features.read(case.model / "features.json").target.name
    return table.filter(pa.array(sides == SIDES.index("test"))).drop_columns(target)


def score_of_scikit_learn(case):
    """Of its gradient boosting, trained on all but the test side, measured on that."""
    table, sides = sides_of(case)
    target = Features.read(case.model / "features.json").target.name
    columns = [table[name].to_numpy() for name in table.column_names if name != target]
    rows = np.column_stack(
        [np.unique(values, return_inverse=True)[1] if values.dtype == object else values for values in columns]
    )
    labels, test = table[target].to_numpy(), sides == SIDES.index("test")
    kind = GradientBoostingRegressor if case.metric == "rmse" else GradientBoostingClassifier
    model = kind(random_state=0).fit(rows[~test], labels[~test])
    if case.metric == "auc":
        return metrics.roc_auc_score(labels[test], model.predict_proba(rows[test])[:, 1])
    if case.metric == "rmse":
        return metrics.root_mean_squared_error(labels[test], model.predict(rows[test]))
    return metrics.f1_score(labels[test], model.predict(rows[test]), average=case.metric.removesuffix("_f1"))


def test_the_model_is_as_good_as_scikit_learns(case):
    """Not worse by more than what so few test rows leave open: half of the metric's own interval."""
    (measured,) = (
        each[case.metric] for each in case.evaluation.values() if isinstance(each, dict) and case.metric in each
    )
    low, high = measured["confidence_interval"]
    baseline = score_of_scikit_learn(case)
    if case.metric == "rmse":
        assert measured["value"] <= baseline + (high - low) / 2
    else:
        assert measured["value"] >= baseline - (high - low) / 2


def as_csv(table):
    body = io.BytesIO()
    pyarrow.csv.write_csv(table, body)
    return body.getvalue()


def as_parquet(table):
    body = io.BytesIO()
    pq.write_table(table, body)
    return body.getvalue()


def as_json(table):
    return json.dumps({"instances": table.to_pylist()}).encode()


def as_json_lines(table):
    return "\n".join(json.dumps(row) for row in table.to_pylist()).encode()


PAYLOADS = {
    "text/csv": as_csv,
    "application/json": as_json,
    "application/jsonlines": as_json_lines,
    "application/x-parquet": as_parquet,
}


@pytest.mark.parametrize("content_type", PAYLOADS)
def test_the_endpoint_predicts_what_was_evaluated(case, url, content_type):
    rows = raw_test_rows(case)
    evaluated = pq.read_table(case.run_folder / "evaluate/evaluation/predictions.parquet")
    assert rows.num_rows == evaluated.num_rows
    headers = {"Content-Type": content_type, "Accept": "application/json"}
    response = httpx.post(f"{url}/invocations", content=PAYLOADS[content_type](rows), headers=headers, timeout=60)
    assert response.status_code == 200, response.text
    predictions = response.json()["predictions"]
    if case.name == "regression":
        assert bits([p["value"] for p in predictions]) == bits(evaluated["prediction"])
        return
    classes = Features.read(case.model / "features.json").target.classes
    for position, name in enumerate(classes):
        column = evaluated.column(2 + position)
        assert bits([p["probabilities"][name] for p in predictions]) == bits(column)
    labels = {label: index for index, label in enumerate(Features.read(case.model / "features.json").labels)}
    assert [labels[p["label"]] for p in predictions] == np.asarray(evaluated["prediction"]).astype(int).tolist()


def bits(numbers):
    return np.asarray(numbers, np.float32).tobytes()


def test_one_wrong_bit_would_be_noticed(case):
    evaluated = pq.read_table(case.run_folder / "evaluate/evaluation/predictions.parquet")
    numbers = np.asarray(evaluated.column(evaluated.num_columns - 1), np.float32)
    assert bits(np.nextafter(numbers, np.float32(2))) != bits(numbers)


def test_what_the_package_promises_is_what_the_served_model_answers(case, url):
    file = case.run_folder / "evaluate/evaluation/sample_answers.json"
    assert case.package["CustomerMetadataProperties"]["sample_answers"].endswith(
        "/evaluate/evaluation/sample_answers.json"
    )
    known = known_requests.parse(file.read_bytes()).requests
    assert 20 < len(known) <= 200
    covered = {name for request in known for name in request.covers}
    features = Features.read(case.model / "features.json")
    assert {f"{name} is missing" for name in features.names} <= covered
    assert {f"label {name}" for name in features.target.classes} <= covered
    body = b"".join(request.body + b"\n" for request in known)
    response = httpx.post(f"{url}/invocations", content=body, headers={"Content-Type": "text/csv"})
    differences = known_requests.compare(known, response.content, response.headers["Content-Type"])
    assert differences == [""] * len(known)
    digest = hashlib.sha256((case.model / "model.ubj").read_bytes()).hexdigest()
    assert json.loads(file.read_text())["model"] == digest
