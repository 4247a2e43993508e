"""The commands that change the server or its account. Each can be repeated, and interrupted."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from localcloud.cli import running_server, server_process
from localcloud.cli.server_process import ServerOptions
from localcloud.core import seed
from localcloud.core.control_client import utc_time
from localcloud.core.disk_space import disk_problem
from localcloud.core.errors import Problem
from localcloud.core.seed import Seed
from localcloud.core.state_dir import Running, StateDir

END_SECONDS = 15.0
FIRST = "`python -m localcloud down` first"


def up(
    state_dir: StateDir, options: ServerOptions, seed_file: Path | None = None, *, in_foreground: bool = False
) -> int:
    """The last line of what it prints is the URL."""
    with ExitStack() as lock:
        lock.enter_context(state_dir.locked())
        running = state_dir.running()
        if running:
            _refuse_other_options(running, options)
            content = _read_seed(seed_file, running.account, running.region)
            _post_seed(running, content, seed_file)
            print(f"localcloud is running already (pid {running.pid}, since {utc_time(running.since)})")
            return _print_url(running)
        if problem := disk_problem(state_dir.folder):
            raise Problem(problem)
        content = _read_seed(seed_file, options.account, options.region)
        if content:
            options = replace(options, account=content.account, region=content.region)
        _clean_up(state_dir)
        if in_foreground:
            return _run_in_foreground(state_dir, options, content, seed_file, lock)
        running = server_process.start(state_dir, options)
        with _down_on_failure(state_dir, running):
            _post_seed(running, content, seed_file)
        print(f"localcloud is up (pid {running.pid}, log: {state_dir.log})", file=sys.stderr)
        return _print_url(running)


def _run_in_foreground(
    state_dir: StateDir, options: ServerOptions, content: Seed | None, seed_file: Path | None, lock: ExitStack
) -> int:
    with server_process.foreground(state_dir, options) as (running, wait):
        _post_seed(running, content, seed_file)
        lock.close()
        _print_url(running)
        code = wait()
    if state_dir.last() == running:  # else the folder is another server's by now
        state_dir.clear()
    return 1 if code else 0


def seed_again(state_dir: StateDir, file: Path) -> int:
    running = running_server.require(state_dir)
    added = _post_seed(running, seed.read(file, running.account, running.region), file, if_changed=False)
    return _print("\n".join([f"added {each}" for each in added] or ["all of it is there already: nothing was added"]))


def _read_seed(file: Path | None, account: str, region: str) -> Seed | None:
    return seed.read(file, account, region) if file else None


def _post_seed(running: Running, content: Seed | None, file: Path | None, *, if_changed: bool = True) -> list[str]:
    if not content:
        return []
    body = {"seed": content.document(), "source": str(file), "if_changed": if_changed}
    response = running_server.call(running, "seed", body)
    added: list[str] = response["added"]
    return added


@contextmanager
def _down_on_failure(state_dir: StateDir, running: Running) -> Iterator[None]:
    """A server without its seed is not left running."""
    try:
        yield
    except BaseException:
        server_process.end(running, END_SECONDS)
        state_dir.clear()
        raise


def down(state_dir: StateDir) -> int:
    with state_dir.locked():
        running = state_dir.running()
        if not running:
            return 0 if _clean_up(state_dir) else _print("localcloud is not running")
        server_process.end(running, END_SECONDS)
        processes = state_dir.clear()
        return _print(f"localcloud is down (pid {running.pid}){_ended_processes(processes)}")


def reset(state_dir: StateDir) -> int:
    running_server.call(running_server.require(state_dir), "reset", {})
    return _print("localcloud is empty again, except for its seed")


def _clean_up(state_dir: StateDir) -> bool:
    """Removes the state of a server that ended without `down`, and reports it."""
    dead = state_dir.last()
    processes = state_dir.clear()
    if dead or processes:
        server = f"the last localcloud (pid {dead.pid})" if dead else "an earlier localcloud"
        print(f"{server} ended without `down`: its state is gone{_ended_processes(processes)}")
    return bool(dead or processes)


def _ended_processes(processes: int) -> str:
    some = "1 process that it left was" if processes == 1 else f"{processes} processes that it left were"
    return f", and {some} ended" if processes else ""


def _refuse_other_options(running: Running, options: ServerOptions) -> None:
    """A running server is not changed: it may be in use."""
    for name, desired, actual in (
        ("--port", options.port, _port(running)),
        ("--speed", options.speed, running.speed),
        ("--account", options.account, running.account),
        ("--region", options.region, running.region),
    ):
        if desired and desired != actual:
            raise Problem(f"localcloud is running with {name} {_text(actual)}, not {_text(desired)}; {FIRST}")
    if options.no_roles and running.enforced:
        raise Problem(f"localcloud is running with roles enforced, not with --no-roles; {FIRST}")
    if options.docker and options.docker != running.docker:
        actual, desired = _with_docker(running.docker), _with_docker(options.docker)
        raise Problem(f"localcloud is running {actual}, not {desired}; {FIRST}")


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _with_docker(image: str) -> str:
    return f"with --docker{'' if image == '1' else f' {image}'}" if image else "without --docker"


def _port(running: Running) -> int:
    return int(running.url.rpartition(":")[2])


def _print_url(running: Running) -> int:
    return _print(running.url)


def _print(line: str) -> int:
    print(line, flush=True)
    return 0
