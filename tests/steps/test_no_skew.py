"""Predictions through /invocations on raw rows equal the evaluated ones, bit for bit."""

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

from features import Features
from preprocessing.splitting import SIDES, Split


@contextmanager
def serving(model):
    command = [sys.executable, "-m", "localcloud.serving", "--model-dir", str(model)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()
            server.wait(timeout=10)


@pytest.fixture(scope="session")
def url(case):
    with serving(case.model) as url:
        yield url


def raw_test_rows(case):
    features = Features.read(case.model / "features.json")
    split = features.details["split"]
    key = [name for name in case.table.column_names if name != features.target.name]  # no key was named: all columns
    divide = Split(tuple(key), split["validation_fraction"], split["test_fraction"])
    table = case.table.combine_chunks()
    assert table.num_rows == sum(features.details["rows"].values())
    sides = divide.sides({name: table[name].combine_chunks() for name in key})
    return table.filter(pa.array(sides == SIDES.index("test"))).drop_columns(features.target.name)


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
def test_the_endpoint_says_what_the_evaluation_said(case, url, content_type):
    rows = raw_test_rows(case)
    evaluated = pq.read_table(case.run_folder / "evaluate/evaluation/predictions.parquet")
    assert rows.num_rows == evaluated.num_rows
    headers = {"Content-Type": content_type, "Accept": "application/json"}
    answer = httpx.post(f"{url}/invocations", content=PAYLOADS[content_type](rows), headers=headers)
    assert answer.status_code == 200, answer.text
    predictions = answer.json()["predictions"]
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


def test_one_wrong_bit_would_be_seen(case):
    evaluated = pq.read_table(case.run_folder / "evaluate/evaluation/predictions.parquet")
    numbers = np.asarray(evaluated.column(evaluated.num_columns - 1), np.float32)
    assert bits(np.nextafter(numbers, np.float32(2))) != bits(numbers)
