"""Which requests a model's answers are recorded for."""

import csv
import itertools

import numpy as np
import pytest
import xgboost

import algorithm_xgboost
import inference
from evaluation import sample_answers
from features import Column, Features, Target
from sample_rows import SampleRows

COLUMNS = (
    Column("age", "numeric"),
    Column("plan", "categorical", ("basic", "plus", "unknown level")),
    Column("member", "boolean"),
)
CLASSES = {"binary": ("no", "yes"), "multiclass": ("1", "2", "3"), "regression": ()}
OBJECTIVES = {"binary": "binary:logistic", "multiclass": "multi:softprob", "regression": "reg:squarederror"}
ROWS = [(str(age), plan, member) for age in range(20, 80) for plan in ("basic", "plus") for member in ("true", "false")]


def model_of(tmp_path, problem, columns=COLUMNS, threshold=None, rounds=20):
    features = Features(problem, Target("y", CLASSES[problem], problem == "multiclass"), columns, ("", "NA"), ";")
    draw = np.random.default_rng(3)
    parts = [draw.integers(20, 80, 2000), draw.integers(0, 4, 2000), draw.integers(0, 2, 2000)]
    matrix = np.column_stack(parts)[:, : len(columns)].astype(np.float32)
    signal = matrix[:, 0] / 20 + matrix.sum(axis=1) % 3 + draw.normal(size=2000)
    target = signal if problem == "regression" else np.digitize(signal, [3.5, 5][: len(CLASSES[problem]) - 1])
    data = xgboost.DMatrix(matrix, target, feature_types=features.types, enable_categorical=True)
    more = {"num_class": 3} if problem == "multiclass" else {}
    booster = xgboost.train({"objective": OBJECTIVES[problem], "max_depth": 3, "nthread": 1, **more}, data, rounds)
    return inference.Model(trees(booster, features), features, {"threshold": threshold})


def trees(booster, features):
    return algorithm_xgboost.Trees(bytes(booster.save_raw("ubj")), features)


def requests_of(model, rows=ROWS, limit=None, monkeypatch=None):
    if limit:
        monkeypatch.setattr(sample_answers, "LIMIT", limit)
    content = sample_answers.document(model, SampleRows(tuple(model.features.names), rows), "0" * 64)
    return content["requests"]


def cells(request):
    return next(csv.reader([request["body"]], delimiter=";"))


def covered(requests):
    return {name for request in requests for name in request["covers"]}


OF_COLUMNS = {
    *("age is missing", "lowest age", "highest age", "member is missing", "lowest member", "highest member"),
    *("plan is missing", "plan is unknown", "plan is basic", "plan is plus"),
}


@pytest.mark.parametrize("problem", CLASSES)
def test_they_cover_columns_and_predictions(tmp_path, problem):
    requests = requests_of(model_of(tmp_path, problem))
    of_predictions = {"lowest score", "highest score", *(f"label {name}" for name in CLASSES[problem])}
    if problem == "binary":
        of_predictions |= {"score next below the threshold", "score next above the threshold"}
    assert covered(requests) == OF_COLUMNS | of_predictions
    assert len(requests) == sample_answers.LIMIT


def test_what_the_sample_lacks_is_derived_from_its_rows(tmp_path):
    requests = requests_of(model_of(tmp_path, "binary"))
    rows = {name: cells(request) for request in requests for name in request["covers"]}
    assert rows["age is missing"][0] == rows["plan is missing"][1] == rows["member is missing"][2] == ""
    assert rows["plan is unknown"][1] == "unknown level_"  # the model knows "unknown level"
    assert (rows["lowest age"][0], rows["highest age"][0]) == ("20", "79")


@pytest.mark.parametrize("problem", ["binary", "multiclass"])
def test_no_label_rests_on_a_rounding(tmp_path, problem):
    model = model_of(tmp_path, problem)
    model.metadata["threshold"] = float(np.sort(scores_of(model))[100])  # exactly the score of a row
    for request in requests_of(model):
        ordered = sorted(request["answer"]["probabilities"].values())
        if problem == "binary":
            assert abs(request["answer"]["probabilities"]["yes"] - model.metadata["threshold"]) > sample_answers.MARGIN
        else:
            assert ordered[-1] - ordered[-2] > sample_answers.MARGIN


def scores_of(model):
    """Of all rows, also of those that the sample lacks."""
    return sample_answers._candidates(model, [*ROWS, *sample_answers._variants(ROWS, model.features)]).scores


def test_the_neighbours_of_the_threshold_are_recorded(tmp_path):
    model = model_of(tmp_path, "binary", threshold=0.3)
    requests = requests_of(model)
    near = [
        abs(request["answer"]["probabilities"]["yes"] - 0.3) for request in requests if "score next" in str(request)
    ]
    assert len(near) == 2
    assert sorted(near) == pytest.approx(sorted(nearest(scores_of(model), 0.3)), abs=1e-6)


def nearest(scores, threshold):
    return min(threshold - scores[scores < threshold]), min(scores[scores > threshold] - threshold)


def test_the_rest_is_spread_over_the_scores():
    scores = np.array([3, 0, 2, 1], np.float32)
    candidates = sample_answers.Candidates(list("abcd"), np.zeros((4, 1), np.float32), np.zeros(4, np.int64), scores)
    assert sample_answers.choose(candidates, [], 2) == {1: [], 2: []}


def test_a_small_limit_is_shared_among_the_columns(tmp_path, monkeypatch):
    requests = requests_of(model_of(tmp_path, "binary"), limit=5, monkeypatch=monkeypatch)
    assert len(requests) == 5
    columns = {name.removeprefix("lowest ").split(" is ")[0] for name in covered(requests)}
    assert {"age", "plan", "member"} <= columns


def test_a_row_covers_many_things_at_once():
    """No more rows than needed: the others show the spread of the scores."""
    matrix = np.zeros((4, 1), np.float32)
    candidates = sample_answers.Candidates(list("abcd"), matrix, np.zeros(4, np.int64), np.arange(4, dtype=np.float32))
    aspects = [("x", np.array([2, 3])), ("y", np.array([0, 2])), ("z", np.array([], np.int64)), ("w", np.array([1]))]
    assert sample_answers.choose(candidates, aspects, 2) == {2: ["x", "y"], 1: ["w"]}
    assert sample_answers.choose(candidates, aspects, 9) == {2: ["x", "y"], 1: ["w"], 0: [], 3: []}


def test_a_single_column_whose_rows_may_look_like_its_header(tmp_path):
    """An empty value is a quoted one: an empty line is no row. A row that is read as the header alone is left out."""
    columns = (Column("plan", "categorical", ("basic", "plan")),)
    requests = requests_of(model_of(tmp_path, "binary", columns), [("basic",), ("plan",)])
    assert [request["body"] for request in requests] == ["basic", '""', "unknown level"]


def test_a_model_that_is_on_its_threshold_everywhere_promises_nothing(tmp_path):
    model = model_of(tmp_path, "binary")
    model.metadata["threshold"] = 0.5
    data = xgboost.DMatrix(np.zeros((2, 3), np.float32), [0, 1], feature_types=model.features.types)
    constant = xgboost.train({"objective": "binary:logistic", "base_score": 0.5, "nthread": 1}, data, 0)
    assert requests_of(inference.Model(trees(constant, model.features), model.features, model.metadata)) == []


def test_rows_are_read_as_they_are_written(tmp_path):
    """With delimiters, quotes and line breaks in a text; a line of the file for each request."""
    texts = ("a;b", 'say "no"', "two\nlines", "ä")
    model = model_of(tmp_path, "binary", (COLUMNS[0], Column("plan", "categorical", texts), COLUMNS[2]))
    rows = [(str(age), text, "true") for age, text in itertools.product(range(20, 80), texts)]
    content = sample_answers.document(model, SampleRows(tuple(model.features.names), rows), "0" * 64)
    assert {f"plan is {text}" for text in texts} <= covered(content["requests"])
    lines = sample_answers.as_json(content).splitlines()
    assert len(lines) == len(content["requests"]) + 6
