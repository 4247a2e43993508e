"""The server that runs in a state folder, for the commands that need one."""

from __future__ import annotations

from typing import Any

from localcloud.core import control_client
from localcloud.core.errors import Problem
from localcloud.core.state_dir import Running, StateDir

HINT = "start it with: python -m localcloud up"


def require(state_dir: StateDir) -> Running:
    running = state_dir.running()
    if not running:
        raise Problem(f"localcloud is not running; {HINT}")
    return running


def call(running: Running, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Of its control plane."""
    server, remedy = f"localcloud (pid {running.pid})", "`python -m localcloud down` ends it"
    return control_client.call(running.url, path, body, server=server, remedy=remedy, key=running.key)
