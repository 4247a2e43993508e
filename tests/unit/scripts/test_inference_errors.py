"""Every request gets a prediction, or a status code and one sentence."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xgboost

import inference
import payloads
from features import Column, Features, Target
from http_errors import HttpError
from http_responses import CUSTOM_ATTRIBUTES as LABEL
from inference import Model

Patch = pytest.MonkeyPatch

COLUMNS = (
    Column("age", "numeric"),
    Column("vip", "boolean"),
    Column("plan", "categorical", ("basic", "plus")),
)
GOOD = {"age": 1, "vip": True, "plan": "basic"}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder: Path = tmp_path_factory.mktemp("model")
    features = Features("binary", Target("churn", ("no", "yes")), COLUMNS, missing=("", "NA"))
    matrix = np.array([[1, 0, 1], [2, 1, 2], [3, 0, 0], [4, 1, 1]] * 5, np.float32)
    data = xgboost.DMatrix(matrix, [0, 0, 1, 1] * 5, feature_types=features.types, feature_names=features.names)
    xgboost.train({"objective": "binary:logistic", "nthread": 1}, data, 2).save_model(folder / "model.ubj")
    features.write(folder / "features.json")
    (folder / "metadata.json").write_text('{"format": 1, "problem": "binary", "threshold": 0.5}')
    return inference.model_fn(str(folder))


def ask(model: Model, body: bytes | str, kind: str | None, accept: str = "text/csv") -> bytes:
    return inference.respond(model, body, kind, accept)[0]


def parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def parquet_of(**columns: pa.Array) -> bytes:
    full = {"age": pa.array([1.0]), "vip": pa.array([True]), "plan": pa.array(["basic"])}
    return parquet(pa.table(full | columns))


def objects(*rows: dict[str, object]) -> str:
    return json.dumps([GOOD, *(GOOD | row for row in rows)])


NO_ROWS = pa.schema([("age", pa.float64()), ("vip", pa.bool_()), ("plan", pa.string())]).empty_table()
C, J, L, P = "text/csv", "application/json", "application/jsonlines", "application/x-parquet"
REFUSED = [
    # type, body, status, the sentence
    (C, b"", 400, "the request has no body: send at least one row"),
    (J, b"  \n", 400, "the request has no body: send at least one row"),
    (C, b"age,vip,plan\n", 400, "the request holds no rows"),
    (C, b"age,vip,plan", 400, "the request holds no rows"),
    (C, b'1,true,basic\n2,true,basic\n"abc",true,basic', 400, 'row 3: column "age" holds "abc", which is not a n...'),
    (C, b"age,vip,plan\n1,true,a\nabc,true,a\n", 400, 'row 2: column "age" holds "abc", which is not a n...'),
    (C, b"1,true,a\n2,maybe,a\n", 400, 'row 2: column "vip" holds "maybe", which is neither ...'),
    (C, b"1,true,a\n2,1,a\n", 400, 'row 2: column "vip" holds "1", which is neither ...'),
    (C, b"true,true,a\n", 400, 'row 1: column "age" holds "true", which is not a n...'),
    (C, b"1,true,a\n2,true\n", 400, "row 2 has 2 fields instead of 3: the columns are age, vip, plan"),
    (C, b"1;true;a\n", 400, "row 1 has 1 fields instead of 3: the columns are age, vip, plan"),
    (C, b"1,true,a,4\n", 400, "row 1 has 4 fields instead of 3: the columns are age, vip, plan"),
    (C, b"1,true,a\ninf,true,a\n", 400, 'row 2: column "age" holds inf, which is too l...'),
    (C, b"1,true,a\n\n1e39,true,a\n", 400, 'row 2: column "age" holds 1e+39, which is too l...'),
    (C, b"1,true,a\n1,true,\xff\xfe\n", 400, "row 2 is not UTF-8 text"),
    (C, b"1,true,a\n" * 5000 + b"x,true,a\n" * 2, 400, 'row 5001: column "age" holds "x", which is not a n...'),
    (C, b"age,plan\n1,a\n", 400, 'column "vip" is missing; a value ...'),
    (C, b"age,plan,plan,vip\n1,a,a,true\n", 400, 'column "plan" occurs twice'),
    (C + ";header=present", b"1,true,a\n", 400, 'columns "age", "vip", "plan" are missing; a value ...'),
    (C + ";header=absent", b"age,vip,plan\n", 400, 'row 1: column "age" holds "age", which is not a n...'),
    (C + ";header=maybe", b"1,true,a\n", 415, 'header="maybe" is not understood: send header=pre...'),
    (C + ";charset=latin-1", b"1,true,a\n", 415, 'charset "latin-1" is not understood: send UTF-8'),
    (J, objects({"age": "abc"}), 400, 'row 2: column "age" holds "abc", which is not a n...'),
    (J, objects({"age": True}), 400, 'row 2: column "age" holds "true", which is not a n...'),
    (J, objects({"age": [1, 2]}), 400, 'row 2: column "age" holds "[1, 2]", which is not a n...'),
    (J, objects({}, {"age": {"a": 1}}), 400, 'row 3: column "age" holds "{"a": 1}", which is not a n...'),
    (J, objects({"plan": ["a"]}), 400, 'row 2: column "plan" holds "["a"]", which is not text'),
    (J, objects({"plan": "\ud800"}), 400, 'row 2: column "plan" holds "\\ud800", which is not text'),
    (J, objects({"vip": 1}), 400, 'row 2: column "vip" holds "1", which is neither ...'),
    (J, objects({}, {"plan": {}}, {"age": "x"}), 400, 'row 3: column "plan" holds "{}", which is not text'),
    (J, objects({"plan": []}).replace(": 1", ': "x"'), 400, 'row 1: column "age" holds "x", which is not a n...'),
    (J, objects({"age": 10**400}), 400, 'row 2: column "age" holds inf, which is too l...'),
    (J, objects({"age": float("-inf")}), 400, 'row 2: column "age" holds -inf, which is too l...'),
    (J, objects({"age": 1e39}), 400, 'row 2: column "age" holds 1e+39, which is too l...'),
    (J, json.dumps([GOOD, {"age": 1, "plan": "a"}]), 400, 'row 2: column "vip" is missing; a value ...'),
    (J, "[]", 400, "the request holds no rows"),
    (J, '{"instances": []}', 400, "the request holds no rows"),
    (J, json.dumps([{"age": 0, "plan": ""}]), 400, 'row 1: column "vip" is missing; a value ...'),
    (J, "{}", 400, 'row 1: columns "age", "vip", "plan" are missing; a value ...'),
    (J, "7", 400, "row 1 is not an object: send a list of objects"),
    (J, '[1, "a"]', 400, "row 1 is not an object: send a list of objects"),
    (J, json.dumps([GOOD, [1, True, "a"]]), 400, "row 2 is not an object: send a list of objects"),
    (J, json.dumps([[1, True, "a"], GOOD]), 400, "row 2 is not an array like the first row: send a list of objects"),
    (J, '[[1, true, "a"], [1, true]]', 400, "row 2 has 2 fields instead of 3"),
    (J, '{"age": 1, "age": 2}', 400, "the request is not JSON: a key occurs twice in one object"),
    (J, '[{"age": 1', 400, "the request is not JSON: Expecting ',' delimiter: line 1 column 11 (char 10)"),
    (J, b'["\xff"]', 400, "the request is not UTF-8 text at byte 3"),
    (J, "[" * 100_000, 400, "the request is nested too deeply: send objects with plain values"),
    (J, '{"a":' * 100_000, 400, "the request is nested too deeply: send objects with plain values"),
    (L, "1\n", 400, "row 1 is not an object: send a list of objects"),
    (L, json.dumps(GOOD) + "\n\n{\n", 400, "line 3 is not JSON: Expecting ..."),
    (L, "[" * 100_000, 400, "line 1 is nested too deeply: send objects with plain values"),
    (P, b"PAR1 is not enough", 400, "the request cannot be read as Parquet: ..."),
    (P, parquet_of(age=pa.array(["x"])), 400, 'row 1: column "age" holds "x", which is not a n...'),
    (P, parquet_of(age=pa.array([1e300])), 400, 'row 1: column "age" holds 1e+300, which is too l...'),
    (P, parquet_of(age=pa.array([[1.0]])), 400, 'column "age" holds list<element: double> values: send plain ones'),
    (P, parquet_of(plan=pa.array([{"a": 1}])), 400, 'column "plan" holds struct<a: int64> values: send plain ones'),
    (P, parquet_of(age=pa.array([0], pa.timestamp("ms"))), 400, "the request cannot be read as Parquet: ..."),
    (P, parquet_of(vip=pa.array([2])), 400, 'row 1: column "vip" holds "2", which is neither ...'),
    (P, parquet_of().replace(b"age", b"agf"), 400, 'column "age" is missing; a value ...'),
    (P, parquet(NO_ROWS), 400, "the request holds no rows"),
    ("text/plain", b"1", 415, 'Content-Type "text/plain" is not understood: send one of text/csv, ...'),
    ("", b"1", 415, 'Content-Type "" is not understood: ...'),
    (None, b"1", 415, 'Content-Type "" is not understood: ...'),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "body", "status", "sentence"), REFUSED)
def test_refused_with_a_sentence(model: Model, kind: str | None, body: bytes | str, status: int, sentence: str) -> None:
    with pytest.raises(HttpError) as refusal:
        ask(model, body, kind)
    message = refusal.value.message
    assert (refusal.value.status_code, message) == (status, sentence.replace("...", message[len(sentence) - 3 :]))
    assert refusal.value.phrase and "\n" not in message


@pytest.mark.parametrize("accept", ["image/png", "text/csv;q=0", "text/csv;q=none", "x", ";;,"])
def test_an_unknown_response_type_is_406(model: Model, accept: str) -> None:
    with pytest.raises(HttpError, match="accept one of text/csv") as refusal:
        ask(model, b"1,true,a\n", C, accept)
    assert refusal.value.status_code == 406


def test_over_size_is_413(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payloads, "MAX_PAYLOAD_BYTES", 18)
    assert ask(model, b"1,true,a\n" * 2, C)
    for body in (b"1,true,a\n" * 2 + b" ", "1,true,ä\n" * 2):
        with pytest.raises(HttpError, match="the request has .. bytes: send at most 18") as refusal:
            ask(model, body, C)
        assert refusal.value.status_code == 413


@pytest.mark.parametrize(
    ("environment", "limit"),
    [
        ({}, 6 << 20),
        ({"MAX_PAYLOAD_BYTES": "2048"}, 2048),
        ({"MAX_PAYLOAD_BYTES": "2048", "SAGEMAKER_MAX_PAYLOAD_IN_MB": "20"}, 20 << 20),
        ({"SAGEMAKER_MAX_PAYLOAD_IN_MB": "1"}, 6 << 20),
        ({"SAGEMAKER_MAX_PAYLOAD_IN_MB": "0"}, 6 << 20),
    ],
)
def test_a_batch_transform_may_send_more_than_the_model_accepts_elsewhere(
    environment: dict[str, str], limit: int
) -> None:
    assert payloads.largest(environment) == limit


@pytest.mark.slow
def test_a_parquet_file_that_unpacks_to_gigabytes_is_413(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = 200_000
    age, vip = pa.array(np.zeros(rows)), pa.array(np.zeros(rows, bool))
    many = parquet(pa.table({"age": age, "vip": vip, "plan": pa.array(["a"]).take(pa.array([0] * rows))}))
    wide = parquet(pa.table({"age": age, "vip": vip, "plan": pa.array(["a" * 99]).take(pa.array([0] * rows))}))
    assert len(ask(model, many, P).splitlines()) == rows
    monkeypatch.setattr(payloads, "MAX_PAYLOAD_BYTES", max(len(many), len(wide)))
    for body in (many, wide):
        monkeypatch.setattr(payloads, "PARQUET_GROWTH", 10_000_000 / payloads.MAX_PAYLOAD_BYTES)
        if body is many:
            assert ask(model, body, P)
            monkeypatch.setattr(payloads, "PARQUET_GROWTH", 500_000 / payloads.MAX_PAYLOAD_BYTES)
        with pytest.raises(HttpError, match="unpacks to") as refusal:
            ask(model, body, P)
        assert refusal.value.status_code == 413


IDENTIFY = {"HTTP_X_AMZN_SAGEMAKER_CUSTOM_ATTRIBUTES": "identify"}


def respond(model: Model, body: bytes, **environ: str) -> tuple[str, dict[str, str], bytes]:
    """The status line, the headers and the body of the application that the handler returns."""
    head: list[Any] = []
    application = inference.transform_fn(model, body, C, C)
    content = b"".join(application(environ, lambda *line: head.extend(line)))
    headers = dict(head[1])
    assert headers.pop("Content-Length") == str(len(content))
    return head[0], headers, content


def test_responses_are_wsgi_applications(model: Model) -> None:
    """In AWS's image whatever is raised is a 500; Flask takes a WSGI application as a response."""
    status, headers, content = respond(model, b"1,true\n")
    assert json.loads(content) == {"error": "row 1 has 2 fields instead of 3: the columns are age, vip, plan"}
    assert (status, headers) == ("400 Bad Request", {"Content-Type": "application/json"})
    expected, kind = inference.respond(model, b"1,true,a\n", C, C)
    assert respond(model, b"1,true,a\n") == ("200 OK", {"Content-Type": f"{kind}; charset=utf-8"}, expected)


@pytest.mark.parametrize("environ", [{}, {"HTTP_X_AMZN_SAGEMAKER_CUSTOM_ATTRIBUTES": "trace=1"}])
def test_who_does_not_ask_gets_no_label(model: Model, monkeypatch: Patch, environ: dict[str, str]) -> None:
    monkeypatch.setenv("MODEL_PACKAGE", "churn/7")
    assert LABEL not in respond(model, b"1,true,a\n", **environ)[1]
    _, headers, content = respond(model, b"1,true\n", **environ)
    assert LABEL not in headers and "package" not in json.loads(content)


def test_a_label_names_the_package_and_counts_the_requests(model: Model, monkeypatch: Patch) -> None:
    monkeypatch.setenv("MODEL_PACKAGE", "churn/7")
    monkeypatch.setattr(inference, "REQUESTS", itertools.count(1))
    assert respond(model, b"1,true,a\n", **IDENTIFY)[1][LABEL] == "package=churn/7;request=1"
    respond(model, b"1,true,a\n")
    status, headers, content = respond(model, b"1,true\n", **IDENTIFY)
    assert (status, headers[LABEL]) == ("400 Bad Request", "package=churn/7;request=3")
    assert json.loads(content)["package"] == "churn/7" and "2 fields" in json.loads(content)["error"]


def test_an_unexpected_error_is_logged_and_labelled(
    model: Model, monkeypatch: Patch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setenv("MODEL_PACKAGE", "churn/7")
    monkeypatch.setattr(inference, "predict_matrix", fail)
    status, headers, content = respond(model, b"1,true,a\n", **IDENTIFY)
    assert status == "500 Internal Server Error" and headers[LABEL].startswith("package=churn/7;request=")
    assert json.loads(content) == {"package": "churn/7", "error": inference.FAILED}
    assert "RuntimeError: a defect" in capsys.readouterr().err
    assert json.loads(respond(model, b"1,true,a\n")[2]) == {"error": inference.FAILED}


def test_a_model_of_no_package_has_no_label(model: Model, monkeypatch: Patch) -> None:
    monkeypatch.delenv("MODEL_PACKAGE", raising=False)
    assert LABEL not in respond(model, b"1,true,a\n", **IDENTIFY)[1]
    assert "package" not in json.loads(respond(model, b"1,true\n", **IDENTIFY)[2])


def test_only_what_the_container_calls_has_its_names(model: Model) -> None:
    assert not {"input_fn", "predict_fn", "output_fn"} & set(vars(inference))  # it refuses them beside transform_fn


@pytest.mark.parametrize(
    ("kind", "body", "sentence"),
    [
        (C, b"1,true,a\n1,true,caf\xe9\n", "row 2 is not UTF-8 text"),
        (C, b"age,vip,pl\xe9n\n1,true,a\n", 'column "plan" is missing; a value may be empty or null, a column may not'),
        (C + "; charset=utf-8", b"1,true,caf\xe9\n", "row 1 is not UTF-8 text"),
        (J, b'[{"age": 1, "plan": "caf\xe9"}]', "the request is not UTF-8 text at byte 25"),
        (L, b'{"plan": "\xe9"}', "the request is not UTF-8 text at byte 11"),
    ],
)
@pytest.mark.parametrize("decoded", [True, False])
def test_text_that_is_not_utf8_is_refused_decoded_or_not(
    model: Model, kind: str, body: bytes, sentence: str, decoded: bool
) -> None:
    """AWS's image decodes text with U+FFFD in place of what is not UTF-8, and passes other bodies as bytes."""
    with pytest.raises(HttpError) as refusal:
        ask(model, body.decode(errors="replace") if decoded else body, kind)
    assert refusal.value.status_code == 400 and refusal.value.message.endswith(sentence)


@pytest.mark.parametrize("kind", [C, J, L, P])
@pytest.mark.parametrize("decoded", [True, False])
def test_a_compressed_request_is_refused(model: Model, kind: str, decoded: bool) -> None:
    """AWS passes no header Content-Encoding to a model."""
    body = gzip.compress(b"age,vip,plan\n1,true,basic\n")
    with pytest.raises(HttpError, match="compressed with gzip: send it uncompressed") as refusal:
        ask(model, body.decode(errors="replace") if decoded else body, kind)
    assert refusal.value.status_code == 415


SEEDS = {
    C: [b"age,vip,plan\n1,true,basic\n2.5,,\n", b'1,true,"a ""b"", c"\r\n,false,plus\r\n', b"1,true,a"],
    J: [objects({"age": None}).encode(), b'{"instances": [[1, true, "a"], [2.5, null, "b"]]}'],
    L: [json.dumps(GOOD).encode() + b"\n" + json.dumps(GOOD).encode() + b"\n"],
    P: [parquet_of(), parquet_of(plan=pa.array(["a"]).dictionary_encode())],
}
SPLINTERS = [
    *(bytes([byte]) for byte in b'\x00\xff",;\n\r\\[]{}: \t\x1a'),
    *(b"", b"\xef\xbb\xbf", b'""', b"\r\n", b"[[[[", b'{"a":', "\u2028é".encode(), b'"\\ud800"'),
    *(b"NaN", b"-Infinity", b"1e999", b"-0", b"0x1", b"1_0", b"+1", b"9" * 400, b"9" * 5000),
    *(b"true", b"null", b"age", b"PAR1", b"a" * 70_000),
]


@pytest.mark.slow
@pytest.mark.parametrize("kind", SEEDS)
def test_damaged_payloads_are_predicted_or_refused(model: Model, kind: str) -> None:
    dice = random.Random(f"mutilate {kind}")  # noqa: S311 - reproducible, not secret
    outcomes = {"answered": 0, "refused": 0}
    for _ in range(700):
        body = bytearray(dice.choice(SEEDS[kind]))
        for _ in range(dice.randint(0, 3)):
            low, high = sorted(dice.randint(0, len(body)) for _ in range(2))
            change = dice.randrange(4)
            if change == 0:
                body[low:low] = dice.choice(SPLINTERS)
            elif change == 1:
                del body[low : low + dice.randint(1, 8)]
            elif change == 2:
                body[low : low + 1] = bytes([dice.randrange(256)])
            else:
                body[low:high] = dice.choice(SPLINTERS)
        try:
            ask(model, bytes(body), kind, dice.choice([C, J, L, P]))
            outcomes["answered"] += 1
        except HttpError as refusal:
            assert refusal.status_code in (400, 413) and len(refusal.message) < 1000, bytes(body)
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 10, outcomes


@pytest.mark.slow
def test_noise_is_refused(model: Model) -> None:
    dice = random.Random("noise")  # noqa: S311 - reproducible, not secret
    for _ in range(200):
        body = dice.randbytes(dice.choice([1, 3, 40, 3000]))
        for kind in SEEDS:
            try:
                ask(model, body, kind)
            except HttpError as refusal:
                assert refusal.status_code == 400
