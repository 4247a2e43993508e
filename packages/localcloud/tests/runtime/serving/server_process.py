"""`python -m localcloud.runtime.serving` as a process, and clients of it."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

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


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "the condition did not become true in time"
        time.sleep(0.02)


def post(connection: http.client.HTTPConnection, body: bytes, kind: str = "text/csv", accept: str = "x/y") -> Any:
    connection.request("POST", "/invocations", body, {"Content-Type": kind, "Accept": accept})
    response = connection.getresponse()
    return response.status, response.read()


def refuses(connection: http.client.HTTPConnection) -> bool:
    try:
        connection.connect()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:  # it was still listening a moment ago
        return False
    connection.close()
    return False
