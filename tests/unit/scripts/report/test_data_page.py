"""The page of a data profile: self-contained, safe with any names, and showing how values are distributed."""

import argparse

import numpy as np
import pytest

from features import Column, Features, Target
from preprocessing import baseline
from preprocessing.baseline import Buckets, NumberTally, RowSample
from profiling.answers import Answers
from profiling.profile import Profile
from report.data_page import page
from tests.html_reader import Reader

EVIL = '<script>alert("x")</script>'


def numbers(name, values):
    values = np.array(values, np.float32)
    tally, sample = NumberTally.of(values.astype(np.float64)), RowSample()
    sample.add([values])
    buckets = Buckets.between(tally.low, tally.high)
    buckets.add(values)
    return baseline.number_statistics(name, tally, buckets, sample.sketch(0))


def row(name, taken_as, distinct, **more):
    return {"name": name, "taken_as": taken_as, "missing": 0.1, "distinct": distinct, "note": "", "why": ""} | more


def profiled(name="plan", level="basic", problem="binary", positives=40):
    target = Target("y", ("no", level)) if problem == "binary" else Target("y")
    looks = {"levels": [level, "pro"], "looks_like": "mail addresses"}
    table = [
        row(name, "categorical", 2, **looks),
        row("age", "numeric", 100, range=[0, 99]),
        row("size", "numeric", 2, range=[1, 2]),
        row("y", "target", 2),
    ]
    rows = {"train": 100, "validation": 20, "test": 80, "rejected": 1}
    columns = (Column(name, "categorical", (level, "pro")), Column("age", "numeric"), Column("size", "numeric"))
    features = Features(problem, target, columns, ("",), details={"columns": table, "rows": rows})
    statistics = [
        baseline.text_statistics(name, 100, {level: 60, "pro": 30}),
        numbers("age", range(100)),
        numbers("size", [1] * 70 + [2] * 30),
        baseline.text_statistics("y", 100, {"no": 60, level: 40}) if target.classes else numbers("y", range(100)),
    ]
    answers = Answers(argparse.Namespace(ignore=[], categorical=[], numeric=[name], missing=[]))
    answers.set("data.missing", [level], f"it holds {name}")
    sides = {"train": {"no": 60, level: 40}, "validation": {"no": 20}, "test": {"no": 40, level: positives}}
    by_name = {one["name"]: one for one in statistics}
    rejected = {"rows": 201, "rejected": 1, "reasons": {f'column "{name}" is not a number': 1}}
    private = {name: "mail addresses"}
    return Profile(features, by_name, rejected, sides if target.classes else {}, private, answers, ["a.csv is empty"])


@pytest.mark.parametrize("problem", ["binary", "regression"])
def test_the_page_is_self_contained(problem):
    text = page(profiled(problem=problem), "config/local.toml")
    Reader(text).assert_self_contained()
    assert "http" not in text


def test_names_from_data_are_text():
    tags = [tag for tag, _ in Reader(page(profiled(), "local.toml")).tags]
    assert [tag for tag, _ in Reader(page(profiled(EVIL, EVIL), "local.toml")).tags] == tags


def test_distributions_are_of_levels_of_few_values_and_of_ranges():
    titles = Reader(page(profiled(), "local.toml")).text
    for title in ("basic: 67 %", "pro: 33 %", "1: 70 %", "2: 30 %", "0.000 to 9.900: 10 %", "no: 60 %"):
        assert title in titles


def test_what_a_person_should_know_is_listed():
    text = Reader(page(profiled(positives=3), "config/local.toml")).text
    assert "The column “plan” looks like mail addresses" in text
    assert "Only 3 rows of the test side are positive" in text
    assert "0.5 % of the rows cannot be used" in text
    assert "a.csv is empty" in text
    assert "add them to config/local.toml" in text
    assert 'missing = ["basic"]' in text
    assert "The target: y" in text
    assert "rows of the test side" not in Reader(page(profiled(), "local.toml")).text
