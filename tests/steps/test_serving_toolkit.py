"""localcloud's model server and AWS's serving toolkit, at the versions of the image, give the same responses.

A group of its own, as the toolkit's packages clash with those here. It leaves out nginx and the image's start.
"""

from __future__ import annotations

import gzip
import http.client
import io
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xgboost

from features import Column, Features, Target
from training.model_folder import prepare

pytestmark = pytest.mark.toolkit
HERE = Path(__file__).parent
COLUMNS = (
    Column("age", "numeric"),
    Column("vip", "boolean"),
    Column("plan", "categorical", ("basic", 'a "b", c', "größe")),
)
C, J, L, P = "text/csv", "application/json", "application/jsonlines", "application/x-parquet"
Request = tuple[str, str, dict[str, str], bytes]
Answer = tuple[int, str | None, set[str], str | None, bytes]
LABEL = "X-Amzn-SageMaker-Custom-Attributes"

RESULTS = """
import json
import flask
import werkzeug.exceptions


class Odd(Exception):
    status_code, message = 400, "no"


def fail(error):
    raise error


def refuse(environ, start_response):
    start_response("422 Unprocessable Entity", [("Content-Type", "application/json")])
    return [b'{"error": "no"}']


def echo(environ, start_response):
    seen = environ.get("HTTP_X_AMZN_SAGEMAKER_CUSTOM_ATTRIBUTES", "nothing")
    start_response("200 OK", [("Content-Type", "a/b"), ("X-Amzn-SageMaker-Custom-Attributes", seen)])
    return [f"{seen} {environ['CONTENT_TYPE']} {environ['REQUEST_METHOD']} {environ['PATH_INFO']}".encode()]


RESULTS = {
    "bytes and a type": lambda: (b"1", "b/b"),
    "text and a type": lambda: ("\\u00e9", "text/csv"),
    "a type with a parameter": lambda: ("1", "text/csv; header=present"),
    "xml": lambda: ("<a/>", "application/xml"),
    "a type that ends like xml": lambda: ("<a/>", "application/atom+xml"),
    "a list and a type": lambda: ([b"1", "2"], "a/b"),
    "nothing and no type": lambda: (None, None),
    "three of a tuple": lambda: (b"1", "a/b", "c/d"),
    "one of a tuple": lambda: (b"1",),
    "a type with a line break": lambda: (b"1", "a/b\\nc: d"),
    "text": lambda: "caf\\u00e9",
    "bytes": lambda: b"1",
    "an iterator": lambda: iter(["1", b"2"]),
    "an object": lambda: {"b": 1, "a": ["\\u00e9", None, 0.1]},
    "a list": lambda: [1, {"a": 2}],
    "an object that is not JSON": lambda: {"a": object()},
    "nothing": lambda: None,
    "a number": lambda: 5,
    "a response of Flask": lambda: flask.Response(json.dumps({"error": "no"}), 400, mimetype="application/json"),
    "a text response of Flask": lambda: flask.Response("no", 503),
    "an application": lambda: refuse,
    "an application that sees headers": lambda: echo,
    "an error": lambda: fail(ValueError("no")),
    "an error with a status": lambda: fail(Odd("no")),
    "an error of Werkzeug": lambda: fail(werkzeug.exceptions.BadRequest("no")),
}


def model_fn(folder):
    return "model"
"""
TRANSFORM = """
def transform_fn(model, body, content_type, accept):
    if body in RESULTS:
        return RESULTS[body]()
    return repr([model, body, content_type, accept]), "text/plain"
"""
THREE = """
def input_fn(body, content_type):
    return fail(Odd("no")) if body == "input" else (body, content_type)


def predict_fn(data, model):
    return fail(Odd("no")) if data[0] == "predict" else (model, *data)


def output_fn(prediction, accept):
    if prediction[1] == "output":
        fail(Odd("no"))
    return RESULTS[prediction[1]]() if prediction[1] in RESULTS else (repr([*prediction, accept]), accept)
"""
NAMES = [line.strip().split('"')[1] for line in RESULTS.splitlines() if line.startswith('    "')]


def post(body: bytes | str, content_type: str | None = None, accept: str | None = None, **more: str) -> Request:
    given = {"Content-Type": content_type, "Accept": accept, **more}
    headers = {name: value for name, value in given.items() if value is not None}
    return "POST", "/invocations", headers, body if isinstance(body, bytes) else body.encode()


def parquet(**columns: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"age": [1.0], "vip": [True], "plan": ["basic"]} | columns), sink)
    return sink.getvalue()


ROW = b"1,true,basic\n"
OBJECT = '{"age": 1, "vip": true, "plan": "basic"}'
MODEL: list[tuple[int, Request]] = [
    *[(200, post(ROW, C, accept)) for accept in (None, "*/*", C, J, L, P, "text/csv;header=present", "text/*")],
    *[(200, post(f"[{OBJECT}]", J, accept)) for accept in (None, C, J, L, "application/x-parquet, text/csv;q=0.5")],
    (200, post(b"age,vip,plan\r\n1,true,basic\r\n,,\r\n", C)),
    (200, post(b"plan,vip,age\nbasic,true,1\n", C)),
    (200, post('1,true,größe\n2,false,"a ""b"", c"\n', C)),
    (200, post(b"\xef\xbb\xbfage,vip,plan\n1,true,basic\n", C)),
    (200, post(ROW, "text/csv; charset=utf-8")),
    (200, post(ROW, "text/csv;header=absent")),
    (200, post(ROW, "Text/CSV")),
    (200, post(ROW * 3000, C)),
    (200, post(OBJECT, None)),
    (200, post(f'{{"instances": [{OBJECT}]}}', J)),
    (200, post('[[1, true, "basic"], [null, null, null]]', J)),
    (200, post(f"{OBJECT}\n{OBJECT}\n", L)),
    (200, post(f"{OBJECT}\n", "application/x-ndjson")),
    (200, post(parquet(), P)),
    (200, post(parquet(), P, P)),
    (200, post(ROW, "x/y", ContentType=C)),
    (400, post(b"", C)),
    (400, post(b"", None)),
    (400, post(b" \n", J)),
    (400, post(b"age,vip,plan\n", C)),
    (400, post(b"1,true\n", C)),
    (400, post(b"1,true,basic,4\n", C)),
    (400, post(ROW + b"x,true,basic\n", C)),
    (400, post(b"1,maybe,basic\n", C)),
    (400, post(b"inf,true,basic\n", C)),
    (400, post(b"1e39,true,basic\n", C)),
    (400, post(b'1,true,"basic\n', C)),
    (400, post(b"age,plan\n1,basic\n", C)),
    (400, post(b"age,plan,plan,vip\n1,a,a,true\n", C)),
    (400, post(ROW + b"1,true,caf\xe9\n", C)),
    (400, post(ROW + b"1,true,caf\xe9\n", "text/csv; charset=utf-8")),
    (400, post(b'[{"age": 1, "vip": true, "plan": "caf\xe9"}]', J)),
    (400, post(b'{"age": 1, "vip": true, "plan": "caf\xe9"}\n', L)),
    (400, post("[{", J)),
    (400, post("[]", J)),
    (400, post("7", J)),
    (400, post("[" * 100_000, J)),
    (400, post('{"age": 1, "age": 2}', J)),
    (400, post(OBJECT.replace("1", '"x"'), J)),
    (400, post('{"age": 1, "plan": "basic"}', J)),
    (400, post(f"{OBJECT}\n{{\n", L)),
    (400, post(b"PAR1 is not enough", P)),
    (400, post(parquet(age=["x"]), P)),
    (400, post(parquet(age=[[1.0]]), P)),
    *[(415, post(gzip.compress(b"1,true,basic"), kind)) for kind in (C, J, L, P)],
    (406, post(ROW, C, "image/png")),
    (406, post(ROW, C, "text/csv;q=0")),
    (413, post(ROW * 900_000, C)),
    (415, post(ROW, "text/plain")),
    (415, post(ROW, "text/csv; charset=latin-1")),
    (415, post(ROW, "text/csv; header=maybe")),
    (415, post(ROW, "application/x-www-form-urlencoded")),
]
ECHOES = [
    post("caf\u00e9", C),
    post(b"caf\xe9 \xff\xfe \xc3", C),
    post(b"caf\xe9", J),
    post(b"caf\xe9", None),
    post(b"caf\xe9", "text/csv; charset=utf-8"),
    post(b"caf\xe9", "Text/CSV"),
    post(b"\xef\xbb\xbfa", C),
    post(b"a", "", ""),
    post(b"a", C, "*/*"),
    post(b"a", C, "text/csv, */*"),
    post(b"a", "x/y", "text/html", ContentType=C),
    post(b"a=b", "application/x-www-form-urlencoded"),
    post(b"", C),
]
ROUTES: list[Request] = [
    ("GET", "/ping", {}, b""),
    ("HEAD", "/ping", {}, b""),
    ("OPTIONS", "/ping", {}, b""),
    ("POST", "/ping", {}, b"x"),
    ("GET", "/ping?x=1", {}, b""),
    ("GET", "/ping/", {}, b""),
    ("GET", "/pingpong", {}, b""),
    ("GET", "/invocations", {}, b""),
    ("OPTIONS", "/invocations", {}, b""),
    ("PUT", "/invocations", {}, b"x"),
    ("POST", "/invocations/x", {}, b"x"),
    ("GET", "/execution-parameters", {}, b""),
]


def write_model(folder: Path) -> Path:
    features = Features("binary", Target("churn", ("no", "yes")), COLUMNS, missing=("", "NA"))
    draw = np.random.default_rng(1)
    matrix = np.column_stack([draw.normal(size=500), draw.integers(0, 2, 500), draw.integers(0, 4, 500)])
    data = xgboost.DMatrix(
        matrix.astype(np.float32), draw.integers(0, 2, 500), feature_types=features.types, feature_names=features.names
    )
    booster = xgboost.train({"objective": "binary:logistic", "nthread": 1}, data, 20)
    features.write(folder / "features.json")
    metadata = b'{"format": 1, "problem": "binary", "threshold": 0.5}'
    files = {"model.ubj": bytes(booster.save_raw("ubj")), "metadata.json": metadata, "warm-up.csv": ROW * 3}
    with prepare(folder / "model", "algorithm_xgboost") as publish:
        publish(files | {"features.json": (folder / "features.json").read_bytes()})
    return folder


def write_handler(folder: Path, code: str) -> Path:
    (folder / "model/code").mkdir(parents=True)
    (folder / "model/code/inference.py").write_text(code)
    return folder


@contextmanager
def server(command: list[str], port: int, environment: dict[str, str]) -> Iterator[int]:
    variables = {"OMP_NUM_THREADS": "1", "SAGEMAKER_PROGRAM": "inference.py", "MODEL_PACKAGE": "churn/7", **environment}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env=os.environ | variables, stdout=subprocess.DEVNULL, stderr=log)
        try:
            end = time.monotonic() + 60
            while not responds(port):
                assert process.poll() is None and time.monotonic() < end, log.seek(0) or log.read().decode()
                time.sleep(0.1)
            yield port
        finally:
            process.terminate()
            process.wait(30)


def responds(port: int) -> bool:
    try:
        return send(port, ("GET", "/ping", {}, b""))[0] == 200
    except OSError:
        return False


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def aws_server(folder: Path, port: int, accept: dict[str, str]) -> Any:
    packages = os.environ["TOOLKIT"]
    path = os.pathsep.join([packages, str(folder / "model/code"), str(HERE)])
    command = [sys.executable, "-m", "gunicorn", "--worker-class", "gevent", "--workers", "1", "--timeout", "60"]
    command += ["--bind", f"127.0.0.1:{port}", "toolkit_app:main"]
    return server(command, port, {"PYTHONPATH": path, "SAGEMAKER_BASE_DIR": str(folder), **accept})


def local_server(folder: Path, port: int, accept: dict[str, str]) -> Any:
    command = [sys.executable, "-m", "localcloud.runtime.serving", "--model-dir", str(folder / "model")]
    return server([*command, "--port", str(port)], port, accept)


Pair = tuple[int, int]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Pair]]:
    """The ports of AWS's server and of localcloud's, for each model."""
    new = tmp_path_factory.mktemp
    folders = {
        "model": write_model(new("model")),
        "transform": write_handler(new("transform"), RESULTS + TRANSFORM),
        "three": write_handler(new("three"), RESULTS + THREE),
    }
    with ExitStack() as running:
        ports = {}
        for name, folder in folders.items():
            accept = {"SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "*/*"} if name == "model" else {}
            both = (running.enter_context(one(folder, free_port(), accept)) for one in (aws_server, local_server))
            ports[name] = tuple(both)
        yield ports  # type: ignore[misc]


def send(port: int, request: Request) -> Answer:
    method, path, headers, body = request
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body or (b"" if method == "POST" else None), headers)
        response = connection.getresponse()
        allowed = response.headers.get("Allow", "")
        headers = response.headers
        return response.status, headers["Content-Type"], set(allowed.split(", ")), headers[LABEL], response.read()
    finally:
        connection.close()


@pytest.mark.parametrize(("status", "request_"), MODEL, ids=str)
def test_the_models_responses_are_those_of_aws(pairs: dict[str, Pair], status: int, request_: Request) -> None:
    aws, local = (send(port, request_) for port in pairs["model"])
    assert local == aws
    assert aws[0] == status
    assert status == 200 or json.loads(aws[-1])["error"]


@pytest.mark.parametrize(("status", "body"), [(200, ROW), (400, b"1,true\n"), (400, b"")])
def test_a_request_that_asks_gets_the_models_label(pairs: dict[str, Pair], status: int, body: bytes) -> None:
    for attributes in ({}, {LABEL: "trace=7"}, {LABEL: "identify"}):
        aws, local = (without_number(send(port, post(body, C, **attributes))) for port in pairs["model"])
        assert local == aws and aws[0] == status
        labelled = attributes.get(LABEL) == "identify"
        assert aws[3] == ("package=churn/7;request=" if labelled else None)
        assert status == 200 or ("package" in json.loads(aws[-1])) == labelled


def test_a_label_counts_the_requests(pairs: dict[str, Pair]) -> None:
    for port in pairs["model"]:
        first, second = (str(send(port, post(ROW, C, **{LABEL: "identify"}))[3]) for _ in range(2))
        assert int(second.rpartition("=")[2]) == int(first.rpartition("=")[2]) + 1


def without_number(answer: Answer) -> Answer:
    status, kind, allowed, label, body = answer
    return status, kind, allowed, label and label.rstrip("0123456789"), body


@pytest.mark.parametrize("attributes", ["identify", "trace=7", ""])
def test_a_handlers_application_sees_the_headers(pairs: dict[str, Pair], attributes: str) -> None:
    aws, local = (
        send(port, post("an application that sees headers", J, **{LABEL: attributes})) for port in pairs["three"]
    )
    assert local == aws and aws[3] == attributes


@pytest.mark.parametrize("name", ["transform", "three"])
@pytest.mark.parametrize("request_", [*ECHOES, *(post(name, J) for name in NAMES)], ids=str)
def test_what_a_handler_gets_and_returns(pairs: dict[str, Pair], name: str, request_: Request) -> None:
    aws, local = (send(port, request_) for port in pairs[name])
    assert local == aws


@pytest.mark.parametrize("step", ["input", "predict", "output"])
def test_whatever_is_raised_is_a_500(pairs: dict[str, Pair], step: str) -> None:
    aws, local = (send(port, post(step, J)) for port in pairs["three"])
    assert local == aws and aws[0] == 500


@pytest.mark.parametrize("request_", ROUTES, ids=str)
def test_paths_and_methods(pairs: dict[str, Pair], request_: Request) -> None:
    aws, local = (send(port, request_) for port in pairs["transform"])
    assert local == aws
