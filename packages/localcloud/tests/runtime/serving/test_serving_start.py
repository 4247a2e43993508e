"""`python -m localcloud.runtime.serving` as a process: what it loads, how it starts, fails to start, and ends."""

from __future__ import annotations

import http.client
import signal
import socket
from pathlib import Path

import pytest
from runtime.serving.server_process import HANDLER, model_dir, post, refuses, until

from localcloud.runtime.serving.lean_imports import is_lean
from localcloud.testing import serving, start_model_server


def test_a_custom_handler_with_modules_of_its_own(tmp_path: Path) -> None:
    code = HANDLER.replace("return data", "import words; return words.GREETING + data + model")
    folder = model_dir(tmp_path / "model", code, words='GREETING = "hello "', json="raise ImportError('shadowed')")
    (folder / "code/json.py").unlink()
    with serving(folder) as (_, connect):
        assert post(connect(), b"you") == (200, f"hello you{folder}".encode())


def test_the_environment_sets_program_and_default_accept(tmp_path: Path) -> None:
    folder = model_dir(tmp_path / "model", "raise RuntimeError", other=HANDLER)
    environment = {"SAGEMAKER_PROGRAM": "other.py", "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "a/b"}
    with serving(folder, **environment) as (_, connect):
        connection = connect()
        connection.request("POST", "/invocations", b"abc")
        response = connection.getresponse()
        assert (response.read(), response.headers["Content-Type"]) == (b"abc", "a/b")


START_ERRORS = {
    "no code": (None, "code/inference.py is missing: a model directory holds its handler there"),
    "a missing function": (
        HANDLER.replace("output_fn", "output"),
        "inference.py has no function output_fn: the local server needs model_fn, and either transform_fn or input_fn, "
        "predict_fn, output_fn",
    ),
    "all four": (
        HANDLER + "def transform_fn(model, body, content_type, accept):\n    return body",
        "inference.py has transform_fn and input_fn, predict_fn, output_fn: the container refuses both together",
    ),
    "other arguments": (
        HANDLER.replace("input_fn(body, content_type)", "input_fn(body)"),
        "input_fn is called with 2 arguments, which does not fit it: too many positional arguments",
    ),
    "a failing model": (
        HANDLER.replace("return model_dir", "return 1 / 0"),
        "cannot be loaded: ZeroDivisionError: division by zero (inference.py, line 3)",
    ),
    "a syntax error": (HANDLER + "\n)", "cannot be loaded: SyntaxError: unmatched ')' (inference.py, line 11)"),
    "an unknown library": ("import nowhere_to_be_found", "cannot be loaded: ModuleNotFoundError: No module named"),
}


@pytest.mark.parametrize("name", START_ERRORS)
def test_a_failed_start_prints_one_sentence(tmp_path: Path, name: str) -> None:
    code, sentence = START_ERRORS[name]
    folder = model_dir(tmp_path / "model", code) if code else tmp_path
    process = start_model_server(folder)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert err.startswith("error: ") and err.count("\n") == 1 and sentence in err


def test_a_port_in_use_is_reported_before_the_model_is_loaded(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as socket_in_use:
        port = str(socket_in_use.getsockname()[1])
        for flags, sentence in (
            (["--port", port], f"error: port {port} cannot be used ("),
            (["--port", "99999"], "error: port 99999 cannot be used ("),
            (
                ["--workers", "0"],
                "error: --workers and SAGEMAKER_MODEL_SERVER_TIMEOUT must be whole numbers, at least 1",
            ),
        ):
            process = start_model_server(tmp_path / "nothing here", *flags)
            _, err = process.communicate(timeout=60)
            assert process.returncode == 1 and err.startswith(sentence) and err.count("\n") == 1


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_with_idle_clients_connected(tmp_path: Path, stop: int) -> None:
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
    started, gate = tmp_path / "started", tmp_path / "closed"
    gate.touch()
    waits = f"open({str(started)!r}, 'w'); import os, time\n    while os.path.exists({str(gate)!r}): time.sleep(0.01)"
    code = HANDLER.replace("return data", f"{waits}\n    return data")
    with serving(model_dir(tmp_path / "model", code)) as (process, connect):
        connection = connect()
        connection.request("POST", "/invocations", b"late", {"Content-Type": "text/csv"})
        until(started.exists)
        process.send_signal(signal.SIGTERM)
        until(lambda: refuses(connect()))
        gate.unlink()
        response = connection.getresponse()
        assert (response.read(), response.headers["Connection"]) == (b"late", "close")
        assert process.wait(30) == 0


def test_a_signal_while_the_model_is_loading(tmp_path: Path) -> None:
    mark = tmp_path / "loading"
    code = HANDLER.replace("return model_dir", f"import time; open({str(mark)!r}, 'w'); time.sleep(60)")
    process = start_model_server(model_dir(tmp_path / "model", code))
    try:
        until(mark.exists)
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=25) == ("", "")
        assert process.returncode == 0
    finally:
        process.kill()


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
        ("import importlib\nx = importlib.import_module(f'wor{1}')", True),
        ("import importlib\nx = importlib.import_module(f's{1}')", False),
        ("import importlib\nx = importlib.import_module(f'{1}')", False),
        ("def f():\n    from nowhere_to_be_found import x", True),
        ("def f():\n    from pandas import x", False),
        ("x = __import__('sklearn')", False),
        ("x = eval('1')", False),
        ("def", False),
    ],
)
def test_scikit_learn_is_left_out_only_where_it_is_not_needed(tmp_path: Path, code: str, lean: bool) -> None:
    (tmp_path / "inference.py").write_text(code)
    (tmp_path / "words.py").write_text("")
    assert is_lean(tmp_path) is lean


@pytest.mark.parametrize(("library", "hidden"), [("json", "True"), ("pickle", "False")])
def test_scikit_learn_is_left_out_only_while_the_handler_is_imported(tmp_path: Path, library: str, hidden: str) -> None:
    code = HANDLER.replace("return data", "return f\"{HIDDEN} {'sklearn' in sys.modules}\"")
    code += f"import sys, {library}; HIDDEN = sys.modules.get('sklearn', 'to be imported') is None"
    with serving(model_dir(tmp_path / "model", code)) as (_, connect):
        assert post(connect(), b"x") == (200, f"{hidden} False".encode())


INSTALLATIONS = [
    ({}, ""),
    ({"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0"}, ""),
    ({"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "off"}, ""),
    ({"PIP_NO_INDEX": "0", "PIP_NO_BUILD_ISOLATION": "1"}, ""),
    ({"PIP_NO_INDEX": "1"}, "No matching distribution found for setuptools>=40.8.0: without a package index set PIP_"),
    ({"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "1"}, "No matching distribution found for setuptools>=40.8.0"),
    ({"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "none"}, "pip refuses PIP_NO_BUILD_ISOLATION=none: it takes 0 or"),
]


@pytest.mark.parametrize(("variables", "sentence"), INSTALLATIONS)
def test_the_image_installs_the_code_folder_as_pip_would(
    tmp_path: Path, variables: dict[str, str], sentence: str
) -> None:
    folder = model_dir(tmp_path / "model")
    environment = {"SAGEMAKER_PROGRAM": "inference.py", **variables}
    if sentence:
        _, err = start_model_server(folder, **environment).communicate(timeout=60)
        assert err.startswith(f"error: {sentence}") and err.count("\n") == 1
        return
    with serving(folder, **environment) as (_, connect):
        assert post(connect(), b"x") == (200, b"x")


def test_requirements_need_a_package_index(tmp_path: Path) -> None:
    folder = model_dir(tmp_path / "model")
    (folder / "code/requirements.txt").write_text("six\n")
    without = {"SAGEMAKER_PROGRAM": "inference.py", "PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0"}
    _, err = start_model_server(folder, PIP_FIND_LINKS="", **without).communicate(timeout=60)
    assert err.startswith("error: code/requirements.txt cannot be installed without a package index")
