"""Bring your own data by editing settings only: raw files in, a judged and registered model out."""

import xgboost

from features import Features
from localcloud.http.protocols import model as get_model
from localcloud.s3_store import S3Store
from localcloud.shapes import request_problems


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


def test_the_overrides_were_heard(case):
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


def test_the_package_is_one_that_aws_would_take(case):
    members = get_model("sagemaker").operation_model("CreateModelPackage").input_shape.members
    request = {name: value for name, value in case.package.items() if name in members}
    assert request_problems("sagemaker", "CreateModelPackage", request) == []
    assert request["ModelApprovalStatus"] == "PendingManualApproval"
    found = uris(request)
    assert len(found) > 3
    for uri in found:
        assert S3Store(case.client("s3")).keys(uri), uri


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


def test_the_report_stands_alone(case):
    report = (case.run_folder / "evaluate/evaluation/report.html").read_text()
    assert "<svg" in report
    assert "http://" not in report.replace("http://www.w3.org", "")
    assert "https://" not in report
    assert "<script" not in report
