"""`python -m localcloud.runtime.serving` as a process, and clients of it."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

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
