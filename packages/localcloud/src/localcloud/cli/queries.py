"""The commands that only read: status, explain, unused, logs, env."""

from __future__ import annotations

import json
import os
import shlex
import sys
import time
from pathlib import Path

from localcloud.cli import running_server
from localcloud.cli.running_server import HINT
from localcloud.core import client_environment
from localcloud.core.control_client import explanation_lines, status_lines, status_record, unused_lines, utc_time
from localcloud.core.errors import Problem
from localcloud.core.state_dir import Running, StateDir

NOT_RUNNING = 3  # the exit code of status, as of service managers


def status(state_dir: StateDir, *, as_json: bool = False) -> int:
    running = state_dir.running()
    if as_json:
        return _print_record(state_dir, running)
    if not running:
        print(f"localcloud is not running; {HINT}")
        return NOT_RUNNING
    about = status_lines(running_server.call(running, "status"))
    since = f"  since       {utc_time(running.since)}, pid {running.pid}"
    print("\n".join([f"localcloud is running: {running.url}", since, *about, f"  log         {state_dir.log}"]))
    return 0


def _print_record(state_dir: StateDir, running: Running | None) -> int:
    where = {"folder": str(state_dir.folder.resolve()), "log": str(state_dir.log)}
    if not running:
        print(json.dumps(status_record({}, **where)))
        return NOT_RUNNING
    known = {"since": running.since, "docker": running.docker, **where}
    print(json.dumps(status_record(running_server.call(running, "status"), **known)), flush=True)
    return 0


def explain(state_dir: StateDir, number: int = 0) -> int:
    """Why a call was denied; 0 is the last one."""
    denial = running_server.call(running_server.require(state_dir), "denials/explain", {"number": number})
    print("\n".join(explanation_lines(denial)))
    return 0


def unused(state_dir: StateDir, role: str = "") -> int:
    response = running_server.call(running_server.require(state_dir), "permissions", {"role": role})
    print("\n".join(unused_lines(response["roles"])))
    return 0


def logs(state_dir: StateDir, *, follow: bool = False) -> int:
    if not state_dir.log.exists():
        raise Problem(f"there is no log at {state_dir.log} yet; {HINT}")
    with state_dir.log.open(errors="replace") as log:
        while True:
            sys.stdout.write(log.read())
            sys.stdout.flush()
            if not follow:
                return 0
            time.sleep(0.2)
            if state_dir.log.exists() and state_dir.log.stat().st_ino != os.fstat(log.fileno()).st_ino:
                return logs(state_dir, follow=True)  # another server has started


def env(state_dir: StateDir) -> int:
    """For ``eval "$(python -m localcloud env)"``, with or without the quotes."""
    running = running_server.require(state_dir)
    variables = client_environment.ADMINISTRATOR | client_environment.variables(
        running.url, running.region, running.proxy, Path(running.certificate)
    )
    del variables[client_environment.URL]  # a shell is not a child of the server: its commands may change it
    print("\n".join(f"export {name}={shlex.quote(value)};" for name, value in variables.items()))
    print(f"unset {' '.join(client_environment.OTHERS)};")
    return 0
