"""tests/docker/engine.py where an engine answers, and where none can be started."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

ENGINE = Path(__file__).resolve().parents[1] / "docker/engine.py"
BEFORE = [":INPUT ACCEPT", ":FORWARD ACCEPT", ":MINE -", "-A FORWARD -j MINE"]


@pytest.fixture
def host_network(monkeypatch):
    monkeypatch.syspath_prepend(str(ENGINE.parent))
    return importlib.import_module("host_network")


def run(*command, path):
    variables = {name: value for name, value in os.environ.items() if name != "INSTALL_ENGINE"} | {"PATH": str(path)}
    argv = [sys.executable, str(ENGINE), *command]
    return subprocess.run(argv, env=variables, capture_output=True, text=True, timeout=60)


def test_an_engine_that_answers_is_used_as_it_is(tmp_path):
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\n")
    docker.chmod(0o755)
    done = run("/bin/sh", "-c", 'echo "host: $DOCKER_HOST"; exit 7', path=tmp_path)
    assert (done.returncode, done.stderr) == (7, "")
    assert done.stdout == f"host: {os.environ.get('DOCKER_HOST', '')}\n"


def test_where_none_can_be_started_the_reason_is_one_sentence(tmp_path):
    """Nothing is installed unless INSTALL_ENGINE says so."""
    done = run("/bin/sh", "-c", "echo never", path=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    reason = "that needs root on Linux" if os.geteuid() or sys.platform != "linux" else "dockerd is not installed"
    assert done.stdout == f"no Docker engine answers, and none can be started: {reason}\n"


def test_only_what_the_engine_added_to_the_filters_is_removed(host_network):
    added = [":INPUT ACCEPT", ":FORWARD DROP", ":MINE -", ":DOCKER -", "-A FORWARD -o docker0 -j DOCKER"]
    after = {"filter": [*added, "-A FORWARD -j MINE", "-A DOCKER -j RETURN"], "nat": [":OUTPUT ACCEPT"]}
    assert host_network.removal({"filter": BEFORE, "nat": [":OUTPUT ACCEPT"]}, after) == [
        "*filter",
        ":FORWARD ACCEPT [0:0]",
        "-D FORWARD -o docker0 -j DOCKER",
        "-D DOCKER -j RETURN",
        "-X DOCKER",
        "COMMIT",
    ]
    assert host_network.removal({"filter": BEFORE}, {"filter": BEFORE}) == []
