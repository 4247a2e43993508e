"""`python -m localcloud.runtime.serving` as a process: what it loads, how it starts, refuses to, and ends."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
import xgboost

import inference
from features import Column, Features, Target
from localcloud.runtime.serving.lean_imports import is_lean
from training.model_folder import prepared

ROOT = Path(__file__).parents[5]
HANDLER = """
def model_fn(model_dir):
    return model_dir
def input_fn(body, content_type):
    return body
def predict_fn(data, model):
    return data
def output_fn(prediction, accept):
    return prediction, accept
"""


def model_dir(folder: Path, code: str = HANDLER, **files: str) -> Path:
    (folder / "code").mkdir(parents=True)
    (folder / "code/inference.py").write_text(code)
    for name, text in files.items():
        (folder / f"code/{name}.py").write_text(text)
    return folder


def command(folder: Path, *flags: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "localcloud.runtime.serving", "--model-dir", str(folder), *flags],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def serving(folder: Path, *flags: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], Any]]:
    """The process, and a function that makes a new connection to it."""
    process = command(folder, *flags, **environment)
    timer = threading.Timer(60, process.kill)
    timer.start()
    try:
        assert process.stdout and process.stderr
        url = urlsplit(process.stdout.readline().strip())
        assert url.hostname == "127.0.0.1", process.stderr.read()
        yield process, lambda: http.client.HTTPConnection("127.0.0.1", url.port or 0, timeout=20)
    finally:
        timer.cancel()
        process.kill()
        process.communicate(timeout=30)


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def post(connection: http.client.HTTPConnection, body: bytes, kind: str = "text/csv", accept: str = "x/y") -> Any:
    connection.request("POST", "/invocations", body, {"Content-Type": kind, "Accept": accept})
    response = connection.getresponse()
    return response.status, response.read()


def test_a_handler_of_ones_own_with_modules_beside_it(tmp_path: Path) -> None:
    code = HANDLER.replace("return data", "import words; return words.GREETING + data + model")
    folder = model_dir(tmp_path / "model", code, words='GREETING = "hello "', json="raise ImportError('shadowed')")
    (folder / "code/json.py").unlink()
    with serving(folder) as (_, connect):
        assert post(connect(), b"you") == (200, f"hello you{folder}".encode())


def test_the_environment_names_program_and_default_accept(tmp_path: Path) -> None:
    folder = model_dir(tmp_path / "model", "raise RuntimeError", other=HANDLER)
    environment = {"SAGEMAKER_PROGRAM": "other.py", "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "a/b"}
    with serving(folder, MAX_PAYLOAD_BYTES="3", **environment) as (_, connect):
        connection = connect()
        connection.request("POST", "/invocations", b"abc")
        response = connection.getresponse()
        assert (response.read(), response.headers["Content-Type"]) == (b"abc", "a/b")
        assert post(connect(), b"abcd")[0] == 413


REFUSED = {
    "no code": (None, "code/inference.py is missing: a model directory holds its handler there"),
    "a missing function": (
        HANDLER.replace("output_fn", "output"),
        "inference.py has no function output_fn: the local server needs model_fn, input_fn, predict_fn, output_fn",
    ),
    "other arguments": (
        HANDLER.replace("input_fn(body, content_type)", "input_fn(body)"),
        "input_fn is called with 2 arguments, which does not fit it: too many positional arguments",
    ),
    "a failing model": (
        HANDLER.replace("return model_dir", "return 1 / 0"),
        "cannot be loaded: ZeroDivisionError: division by zero (inference.py, line 3)",
    ),
    "a typing error": (HANDLER + "\n)", "cannot be loaded: SyntaxError: unmatched ')' (inference.py, line 11)"),
    "an unknown library": ("import nowhere_to_be_found", "cannot be loaded: ModuleNotFoundError: No module named"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_start_that_fails_is_one_sentence(tmp_path: Path, name: str) -> None:
    code, sentence = REFUSED[name]
    folder = model_dir(tmp_path / "model", code) if code else tmp_path
    process = command(folder)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert err.startswith("error: ") and err.count("\n") == 1 and sentence in err


def test_a_port_that_is_taken_is_told_before_the_model_is_loaded(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for flags, sentence in (
            (["--port", port], f"error: port {port} cannot be used ("),
            (["--port", "99999"], "error: port 99999 cannot be used ("),
            (["--threads", "0"], "error: --threads and MAX_PAYLOAD_BYTES must be whole numbers, the first at least 1"),
        ):
            process = command(tmp_path / "nothing here", *flags)
            _, err = process.communicate(timeout=60)
            assert process.returncode == 1 and err.startswith(sentence) and err.count("\n") == 1


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_though_clients_stay_connected(tmp_path: Path, stop: int) -> None:
    patient = "from localcloud.runtime.serving import server\nserver.FINISH_SECONDS = 600.0\n"  # with requests
    with serving(model_dir(tmp_path / "model", patient + HANDLER)) as (process, connect):
        idle = connect()
        assert post(idle, b"x") == (200, b"x")
        process.send_signal(stop)
        assert process.wait(30) == 0
        assert process.stderr and process.stderr.read() == ""
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            post(idle, b"x")


def test_a_signal_lets_a_running_request_finish(tmp_path: Path) -> None:
    begun, gate = tmp_path / "begun", tmp_path / "closed"
    gate.touch()
    waits = f"open({str(begun)!r}, 'w'); import os, time\n    while os.path.exists({str(gate)!r}): time.sleep(0.01)"
    code = HANDLER.replace("return data", f"{waits}\n    return data")
    with serving(model_dir(tmp_path / "model", code)) as (process, connect):
        connection = connect()
        connection.request("POST", "/invocations", b"late", {"Content-Type": "text/csv"})
        until(begun.exists)
        process.send_signal(signal.SIGTERM)
        until(lambda: refuses(connect()))
        gate.unlink()
        response = connection.getresponse()
        assert (response.read(), response.headers["Connection"]) == (b"late", "close")
        assert process.wait(30) == 0


def refuses(connection: http.client.HTTPConnection) -> bool:
    try:
        connection.connect()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:  # just now it still listened
        return False
    connection.close()
    return False


def test_a_signal_while_the_model_is_loading(tmp_path: Path) -> None:
    mark = tmp_path / "loading"
    code = HANDLER.replace("return model_dir", f"import time; open({str(mark)!r}, 'w'); time.sleep(60)")
    process = command(model_dir(tmp_path / "model", code))
    try:
        until(mark.exists)
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=25) == ("", "")
        assert process.returncode == 0
    finally:
        process.kill()


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model directory as train.py leaves it."""
    folder = tmp_path_factory.mktemp("real")
    columns = (Column("tenure", "numeric"), Column("plan", "categorical", ("basic", "plus")))
    features = Features("multiclass", Target("grade", ("a", "b", "c")), columns, missing=("",))
    draw = np.random.default_rng(1)
    matrix = np.column_stack([draw.normal(size=500), draw.integers(0, 3, 500)]).astype(np.float32)
    data = xgboost.DMatrix(matrix, draw.integers(0, 3, 500), feature_types=features.types, feature_names=features.names)
    booster = xgboost.train({"objective": "multi:softprob", "num_class": 3}, data, 20)
    features.write(folder / "features.json")
    metadata = b'{"format": 1, "problem": "multiclass", "threshold": null}'
    files = {"model.ubj": bytes(booster.save_raw("ubj")), "metadata.json": metadata}
    with prepared(folder / "model") as publish:
        publish(files | {"features.json": (folder / "features.json").read_bytes()})
    return folder / "model"


def csv_rows(seed: int) -> bytes:
    draw = np.random.default_rng(seed)
    rows = draw.integers(1, 500)
    plans = np.array(["basic", "plus", "other", ""])[draw.integers(0, 4, rows)]
    return "".join(f"{x!r},{p}\n" for x, p in zip(draw.normal(size=rows).tolist(), plans, strict=True)).encode()


def test_many_clients_at_once_get_the_answers_of_one(real: Path) -> None:
    """Also the skew test: the process answers with the very bits of predict_matrix here."""
    model = inference.load(real)
    bodies = [csv_rows(seed) for seed in range(50)]
    requests = [inference.input_fn(body, "text/csv") for body in bodies]
    wanted = [inference.output_fn(inference.predict_fn(one, model), "text/csv")[0] for one in requests]
    answers: dict[int, list[Any]] = {}

    def client(number: int, connection: http.client.HTTPConnection) -> None:
        answers[number] = [post(connection, bodies[(at + number) % 50], accept="text/csv") for at in range(50)]
        connection.close()

    with serving(real, "--threads", "4") as (process, connect):
        clients = [threading.Thread(target=client, args=(number, connect())) for number in range(8)]
        for one in clients:
            one.start()
        for one in clients:
            one.join(60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert process.stderr and process.stderr.read() == ""
    for number in range(8):
        assert answers[number] == [(200, wanted[(at + number) % 50]) for at in range(50)]


def test_the_handler_is_served_as_it_is_in_the_model(real: Path) -> None:
    with serving(real) as (process, connect):
        assert process.stdout
        connection = connect()
        status, content = post(connection, b"tenure,plan\n1,basic\n", accept="*/*")
        assert status == 200 and json.loads(content)["predictions"][0]["label"] in "abc"
        assert post(connection, b"1,basic\nx,basic\n") == (
            400,
            b'{"error": "row 2: column \\"tenure\\" holds \\"x\\", which is not a number"}',
        )
        assert post(connection, b"\xff,a\n")[1] == b'{"error": "row 1 is not UTF-8 text"}'
        assert post(connection, b"1,basic\n")[0] == 406
        libraries = Path(f"/proc/{process.pid}/maps")
        if libraries.exists():
            assert "/sklearn/" not in libraries.read_text()  # three quarters of a cold start


def test_a_damaged_model_is_one_sentence(real: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(real, tmp_path / "model")
    model = (folder / "model.ubj").read_bytes()
    (folder / "model.ubj").write_bytes(model[: len(model) // 2])
    process = command(folder)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("error: the model in ") and "cannot be loaded: XGBoostError" in err


@pytest.mark.parametrize(
    ("code", "lean"),
    [
        ("import json, xgboost as xgb\nfrom numpy import array\nimport words\nfrom . import words", True),
        ("import sklearn.base", False),
        ("from sklearn.base import x", False),
        ("from xgboost import XGBClassifier", False),
        ("import xgboost\ndef f(): return xgboost.XGBRegressor()", False),
        ("def f():\n    import pickle", False),
        ("import joblib", False),
        ("import importlib\nx = importlib.import_module('sk' + 'learn')", False),
        ("x = __import__('sklearn')", False),
        ("x = eval('1')", False),
        ("def", False),
    ],
)
def test_scikit_learn_is_left_out_only_where_it_cannot_be_missed(tmp_path: Path, code: str, lean: bool) -> None:
    (tmp_path / "inference.py").write_text(code)
    (tmp_path / "words.py").write_text("")
    assert is_lean(tmp_path) is lean


@pytest.mark.parametrize(("library", "hidden"), [("json", "True"), ("pickle", "False")])
def test_scikit_learn_is_left_out_only_while_the_handler_is_imported(tmp_path: Path, library: str, hidden: str) -> None:
    code = HANDLER.replace("return data", "return f\"{HIDDEN} {'sklearn' in sys.modules}\"")
    code += f"import sys, {library}; HIDDEN = sys.modules.get('sklearn', 'to be imported') is None"
    with serving(model_dir(tmp_path / "model", code)) as (_, connect):
        assert post(connect(), b"x") == (200, f"{hidden} False".encode())
