"""Several worker processes, as gunicorn has them, and the time-out of a request."""

from __future__ import annotations

import http.client
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from runtime.serving.server_process import HANDLER, ROOT, model_dir, post, refuses, until

from localcloud.runtime.serving.deadlines import Deadlines
from localcloud.testing import serving, start_model_server

COUNTING = """
import os, time
def model_fn(folder):
    if os.environ.get("GATE") and os.path.exists(os.environ["GATE"]):
        raise ValueError("no model.json")
    open(os.path.join(folder, f"loaded-{os.getpid()}"), "w").close()
    return folder
def transform_fn(model, body, content_type, accept):
    if body == "die":
        os._exit(1)
    if body.startswith("sleep"):
        time.sleep(float(body[5:]))
    return str(os.getpid()), "text/plain"
"""


def loaded(folder: Path) -> set[str]:
    return {file.name.partition("-")[2] for file in folder.glob("loaded-*")}


def test_each_worker_loads_a_model_of_its_own_at_its_first_request(tmp_path: Path) -> None:
    folder = model_dir(tmp_path / "model", COUNTING)
    with serving(folder, "--workers", "3") as (process, connect):
        assert len(loaded(folder)) == 1
        responses: list[bytes] = []

        def busy() -> None:
            responses.append(post(connect(), b"sleep 0.05")[1])

        def all_have_served() -> bool:
            clients = [threading.Thread(target=busy) for _ in range(6)]
            for client in clients:
                client.start()
            for client in clients:
                client.join(30)
            return len(set(responses)) == 3

        until(all_have_served)
        assert loaded(folder) == {pid.decode() for pid in responses}
        assert str(process.pid) not in loaded(folder)


def test_a_worker_that_ends_is_replaced(tmp_path: Path) -> None:
    folder = model_dir(tmp_path / "model", COUNTING)
    with serving(folder, "--workers", "2") as (process, connect):
        for _ in range(4):
            with pytest.raises((ConnectionError, http.client.HTTPException)):
                post(connect(), b"die")
        assert post(connect(), b"x")[0] == 200
        assert process.poll() is None


def test_a_worker_that_cannot_load_the_model_responds_with_a_500_and_tries_again(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    folder = model_dir(tmp_path / "model", COUNTING)
    with serving(folder, "--workers", "2", GATE=str(gate)) as (_, connect):
        gate.touch()
        os.kill(int(loaded(folder).pop()), signal.SIGKILL)
        until(lambda: status(connect()) == 500)
        gate.unlink()
        until(lambda: status(connect()) == 200)


def status(connection: http.client.HTTPConnection) -> int:
    """Of GET /ping, for which a worker loads the model, too."""
    try:
        connection.request("GET", "/ping")
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0


def test_a_model_that_does_not_load_ends_all_workers_with_one_sentence(tmp_path: Path) -> None:
    code = HANDLER.replace("return model_dir", "return 1 / 0")
    process = start_model_server(model_dir(tmp_path / "model", code), "--workers", "3")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err.count("\n")) == (1, "", 1)
    assert "cannot be loaded: ZeroDivisionError" in err


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_all_workers(tmp_path: Path, stop: int) -> None:
    folder = model_dir(tmp_path / "model", COUNTING)
    with serving(folder, "--workers", "2") as (process, connect):
        assert post(connect(), b"x")[0] == 200
        process.send_signal(stop)
        assert process.wait(30) == 0
        assert refuses(connect())
        assert process.stderr and process.stderr.read() == ""


def test_workers_end_when_the_process_that_started_them_is_killed(tmp_path: Path) -> None:
    folder = model_dir(tmp_path / "model", COUNTING)
    with serving(folder, "--workers", "2") as (process, connect):
        process.kill()
        until(lambda: refuses(connect()))


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_request_that_takes_too_long_is_a_504_and_the_end_of_its_worker(tmp_path: Path, workers: str) -> None:
    folder = model_dir(tmp_path / "model", COUNTING)
    with serving(folder, "--workers", workers, SAGEMAKER_MODEL_SERVER_TIMEOUT="1") as (process, connect):
        assert post(connect(), b"sleep 0.2")[0] == 200
        began = time.monotonic()
        assert post(connect(), b"sleep 60") == (504, b"<h1>504 Gateway Time-out</h1>")
        assert 1 <= time.monotonic() - began < 30
        if workers == "1":
            assert process.wait(30) == 1  # the worker is the server
        else:
            assert post(connect(), b"x")[0] == 200


SLOW_EXIT = """
exit = os._exit
def slow_exit(code):
    time.sleep(2)
    exit(code)
os._exit = slow_exit
"""


def test_a_worker_that_ends_accepts_nothing_more(tmp_path: Path) -> None:
    """A connection that it accepted would break with it; another worker accepts it."""
    folder = model_dir(tmp_path / "model", COUNTING + SLOW_EXIT)
    with serving(folder, "--workers", "2", SAGEMAKER_MODEL_SERVER_TIMEOUT="1") as (_, connect):
        assert post(connect(), b"sleep 60")[0] == 504
        for _ in range(20):
            assert post(connect(), b"x")[0] == 200


def test_a_request_that_waits_in_a_worker_that_ends_gets_a_502(monkeypatch: pytest.MonkeyPatch) -> None:
    events: queue.Queue[object] = queue.Queue()
    monkeypatch.setattr(os, "_exit", lambda code: [events.put(code), threading.Event().wait()])
    deadlines = Deadlines(0.1, end_accepting=lambda: events.put("accepts nothing more"))
    with deadlines.limit(events.put):
        deadlines.seconds = 60
        with deadlines.limit(events.put):
            deadlines.seconds = 0.1
            deadlines.start()
            assert [events.get(timeout=30) for _ in range(4)] == ["accepts nothing more", 504, 502, 1]


SLOW_FORK = """
import os, sys, time
from localcloud.runtime.serving.__main__ import main
fork, pids = os.fork, []
def slow_fork():
    pids.append(fork())
    if pids[-1] == 0 and len(pids) > 1:
        time.sleep(1)
    return pids[-1]
os.fork = slow_fork
sys.exit(main(sys.argv[1:]))
"""


def test_a_worker_that_is_stopped_while_it_is_forked_ends_quietly(tmp_path: Path) -> None:
    """It has the signal handlers of the process that starts workers until it sets its own."""
    folder = model_dir(tmp_path / "model", HANDLER.replace("return model_dir", "return 1 / 0"))
    argv = [sys.executable, "-c", SLOW_FORK, "--model-dir", str(folder), "--workers", "3"]
    result = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (result.returncode, result.stderr.count("\n")) == (1, 1), result.stderr
