"""Faults in predictions, planted in models that train.py's code wrote: the comparison with what Evaluate recorded finds
each of them. Shapes, codes and sums of probabilities are right in all. The model's own handler answers, some of them
behind the model server.
"""

import importlib.util
import io
import json
import re
import shutil
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import xgboost

import inference
from evaluation import sample_answers
from features import Column, Features, Target
from localcloud.testing import serving
from release.known_answers import check_answers
from release.known_requests import parse
from sample_rows import SampleRows
from training.model_folder import prepare

COLUMNS = (
    Column("tenure", "numeric"),
    Column("plan", "categorical", ("basic", "plus", "pro")),
    Column("member", "boolean"),
)
CLASSES = {"binary": ("no", "yes"), "multiclass": ("a", "b", "c"), "regression": ()}
OBJECTIVES = {"binary": "binary:logistic", "multiclass": "multi:softprob", "regression": "reg:squarederror"}


def boost(features, noise):
    draw = np.random.default_rng(noise)
    plans, members = draw.integers(0, 4, 3000), draw.integers(0, 2, 3000)
    matrix = np.column_stack([draw.normal(30, 10, 3000), plans, members]).astype(np.float32)
    signal = matrix[:, 0] / 10 + plans - members + draw.normal(size=3000)
    matrix[draw.random(matrix.shape) < 0.05] = np.nan
    classes = len(features.target.classes)
    target = np.digitize(signal, [4, 5][: classes - 1]) if classes else signal
    data = xgboost.DMatrix(matrix, target, feature_types=features.types, enable_categorical=True)
    more = {"num_class": classes} if classes > 2 else {}
    booster = xgboost.train({"objective": OBJECTIVES[features.problem], "max_depth": 4, "nthread": 1, **more}, data, 15)
    return bytes(booster.save_raw("ubj"))


def sample():
    draw = np.random.default_rng(9)
    plans = draw.choice(["basic", "plus", "pro", "gold", ""], 300)
    rows = zip(draw.normal(30, 10, 300).round(2), plans, draw.choice(["true", "false"], 300), strict=True)
    return SampleRows([column.name for column in COLUMNS], [(str(tenure), *rest) for tenure, *rest in rows])


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """By problem: the model's folder, and the requests that Evaluate records for it."""
    found = {}
    for problem, classes in CLASSES.items():
        folder = tmp_path_factory.mktemp(problem)
        features = Features(problem, Target("y", classes), COLUMNS, ("",))
        features.write(folder / "features.json")
        metadata = json.dumps({"problem": problem, "threshold": 0.5 if problem == "binary" else None}).encode()
        files = {"model.ubj": boost(features, 1), "metadata.json": metadata}
        with prepare(folder / "model", "algorithm_xgboost") as publish:
            publish(files | {"features.json": (folder / "features.json").read_bytes()})
        recorded = sample_answers.document(inference.load(folder / "model"), sample(), "0" * 64)
        found[problem] = folder / "model", parse(sample_answers.as_json(recorded), "s3://bucket/sample_answers.json")
    return found


class Served:
    def __init__(self, connection):
        self._connection = connection

    def invoke_endpoint(self, ContentType, Accept, Body, **_):
        self._connection.request("POST", "/invocations", Body, {"Content-Type": ContentType, "Accept": Accept})
        response = self._connection.getresponse()
        assert response.status == 200
        return {"Body": response, "ContentType": response.headers["Content-Type"]}


class InProcess:
    def __init__(self, folder):
        spec = importlib.util.spec_from_file_location("planted_inference", folder / "code" / "inference.py")
        self._handler = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self._handler)
        self._model = self._handler.model_fn(folder)

    def invoke_endpoint(self, ContentType, Accept, Body, **_):
        body, content_type = self._handler.respond(self._model, Body, ContentType, Accept)
        return {"Body": io.BytesIO(body), "ContentType": content_type}


def check(runtime, known):
    settings = SimpleNamespace(serving=SimpleNamespace(max_payload_bytes=6_000_000))
    return list(check_answers(SimpleNamespace(settings=settings, endpoint_name="e", client=lambda _: runtime), known))


def check_served(folder, known):
    with serving(folder) as (_, connect):
        return check(Served(connect()), known)


def handler(code):
    """A fault in the code that serves: ``predict_matrix`` with this as its last lines."""
    lines = [
        "right = predict_matrix",
        "def predict_matrix(model, matrix):",
        "    found = right(model, matrix)",
        *(f"    {line}" for line in code.splitlines()),
        "    return Prediction(found.labels, found.values, found.probabilities)",
    ]

    def plant(folder):
        file = folder / "code" / "inference.py"
        file.write_text("\n".join([file.read_text(), *lines]) + "\n")

    return plant


def edit(name, old, new):
    def plant(folder):
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new))

    return plant


def another_artifact(folder):
    features = Features.read(folder / "features.json")
    (folder / "model.ubj").write_bytes(boost(features, 2))


CONSTANT = "n = len(matrix)\nfound = Prediction(np.zeros(n, int), found.values, np.full((n, 2), 0.5))"
SWAPPED = "found = Prediction(1 - found.labels, found.values, found.probabilities[:, ::-1])"
FIRST_LEVEL = "matrix[matrix[:, 1] == 0, 1] = 1\nfound = right(model, matrix)"
ZERO = "found = right(model, np.nan_to_num(matrix))"
ROUNDED = "found = Prediction(found.labels, found.values, found.probabilities.round(4))"
SCALED = "found = Prediction(found.labels, found.values * 1.0001, found.probabilities)"
CENTRED = "matrix[:, 0] -= np.nan_to_num(matrix[:, 0]).mean() - 30\nfound = right(model, matrix)"
FAULTS = {
    "the same answer to everybody": ("binary", handler(CONSTANT)),
    "another model's artifact": ("multiclass", another_artifact),
    "classes are swapped": ("binary", handler(SWAPPED)),
    "names of classes are permuted": ("multiclass", edit("features.json", '["a", "b", "c"]', '["b", "a", "c"]')),
    "levels are numbered otherwise than in training": (
        "regression",
        edit("features.json", '["basic", "plus", "pro"]', '["plus", "basic", "pro"]'),
    ),
    "an unknown level is taken for the first": ("binary", handler(FIRST_LEVEL)),
    "a missing value is taken for 0": ("multiclass", handler(ZERO)),
    "another threshold": ("binary", edit("metadata.json", '"threshold": 0.5', '"threshold": 0.53')),
    "rounded probabilities": ("multiclass", handler(ROUNDED)),
    "a value of another unit": ("regression", handler(SCALED)),
    "a feature that is centred by its request": ("regression", handler(CENTRED)),
}
ROW = re.compile(r"row \d+( \(.+\))?: expected .+, given .+; the row is '.*'")


def planted(packages, tmp_path, name):
    problem, plant = FAULTS[name]
    healthy, known = packages[problem]
    plant(folder := shutil.copytree(healthy, tmp_path / "model"))
    return folder, known


def assert_found(lines):
    *rows, (summary, good) = lines
    assert not good
    assert re.fullmatch(r"known requests: \d+ of 200 answers are not the evaluated model's; s3://.+ has them", summary)
    assert rows
    for line, good in rows:
        assert not good and ROW.fullmatch(line), line


@pytest.mark.planted
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_predictions_is_found(packages, tmp_path, name):
    folder, known = planted(packages, tmp_path, name)
    assert_found(check(InProcess(folder), known))


@pytest.mark.planted
@pytest.mark.parametrize("name", ["the same answer to everybody", "another model's artifact"])
def test_a_fault_is_found_behind_the_model_server(packages, tmp_path, name):
    assert_found(check_served(*planted(packages, tmp_path, name)))


HEALTHY = [("known requests: all 200 answers are the evaluated model's", True)]


@pytest.mark.parametrize("problem", CLASSES)
def test_a_healthy_model_gives_every_answer_that_was_recorded(packages, problem):
    folder, known = packages[problem]
    assert check(InProcess(folder), known) == HEALTHY


def test_a_healthy_model_behind_the_model_server_gives_every_answer_as_well(packages):
    assert check_served(*packages["binary"]) == HEALTHY
