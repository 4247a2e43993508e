"""The contract of responses, in every format."""

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from release.response_contract import Violation, check_response

ROW = {"label": "yes", "probabilities": {"no": 0.25, "yes": 0.75}}


def predictions(*rows):
    return json.dumps({"predictions": rows}).encode()


def parquet(**columns):
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("body", "content_type", "problem"),
    [
        (b"yes,0.75\nno,0.25\n", "text/csv", "binary"),
        (b"a,0.5,0.25,0.25\nb,0.2,0.5,0.3\n", "text/csv; charset=utf-8", "multiclass"),
        (b"1.5\n-2e3\n", "text/csv", "regression"),
        (predictions(ROW, ROW), "application/json", "binary"),
        (predictions({"value": 1}, {"value": 2.5}), "application/json", "regression"),
        (json.dumps(ROW).encode() + b"\n" + json.dumps(ROW).encode() + b"\n", "application/jsonlines", "binary"),
        (
            parquet(label=["a", "b"], probability_a=[0.5, 0.0], probability_b=[0.5, 1.0]),
            "application/x-parquet",
            "binary",
        ),
        (parquet(value=[1.0, 2.0]), "application/x-parquet", "regression"),
    ],
)
def test_valid_responses(body, content_type, problem):
    assert check_response(body, content_type, 2, problem).startswith("2 rows, 2 ")


@pytest.mark.parametrize(
    ("body", "content_type", "problem", "sentence"),
    [
        (b"yes,0.75\n", "text/csv", "binary", "2 rows were sent and 1 came back"),
        (b"yes,0.75\nno,1.25\n", "text/csv", "binary", "row 2: the probability '1.25' is not within 0 and 1"),
        (b"yes,nan\nno,0\n", "text/csv", "binary", "not within 0 and 1"),
        (b"a,0.5,0.2\nb,0.5,0.5\n", "text/csv", "multiclass", "row 1: its probabilities sum to 0.7"),
        (b"yes\nno\n", "text/csv", "binary", "it has no probabilities"),
        (b"high\n1\n", "text/csv", "regression", "its value is 'high', not a number"),
        (predictions({"value": None}, {"value": True}), "application/json", "regression", "not a number"),
        (predictions(ROW, {"probabilities": {"a": 1}}), "application/json", "binary", "row 2: it has no label"),
        (predictions({**ROW, "probabilities": {"no": 0.5, "yes": 0.75}}, ROW), "application/json", "binary", "1.25"),
        (b"[]", "application/json", "binary", "is not application/json with predictions"),
        (b"oh", "application/json", "binary", "is not application/json with predictions"),
        (b"\xff\xfe", "text/csv", "binary", "is not text/csv"),
        (b"PAR1", "application/x-parquet", "binary", "is not application/x-parquet"),
        (b"hello", "text/html", "binary", "the response is text/html"),
    ],
)
def test_violations(body, content_type, problem, sentence):
    with pytest.raises(Violation) as violation:
        check_response(body, content_type, 2, problem)
    assert sentence in str(violation.value)
