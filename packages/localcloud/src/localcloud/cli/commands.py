"""The commands: start a server, find it, ask it, end it. Each is safe to repeat, and to interrupt."""

from __future__ import annotations

import json
import os
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from localcloud.cli import server_process
from localcloud.cli.server_process import ServerOptions
from localcloud.core import client_environment, seed
from localcloud.core.control_client import ask, lines, moment, status_record
from localcloud.core.errors import Problem
from localcloud.core.seed import Seed
from localcloud.core.state_dir import Place, Running

END_SECONDS = 15.0
NOT_RUNNING = 3  # what status ends with, as service managers have it
FIRST = "`python -m localcloud down` first"
HINT = "start it with: python -m localcloud up"


def up(
    place: Place,
    port: int | None = None,
    speed: float | None = None,
    docker: str = "",
    *,
    account: str = "",
    region: str = "",
    seed_file: Path | None = None,
    in_foreground: bool = False,
) -> int:
    """The last line of what it prints is the URL."""
    options = ServerOptions(port, speed, account, region, docker)
    with ExitStack() as lock:
        lock.enter_context(place.locked())
        running = place.running()
        if running:
            _refuse_other_options(running, options)
            _seed_running(running, seed_file)
            print(f"localcloud is running already (pid {running.pid}, since {moment(running.since)})")
            return _print_url(running)
        content = seed.read(seed_file, account, region) if seed_file else None
        if content:
            options = replace(options, account=content.account, region=content.region)
        _tidy(place)
        if in_foreground:
            return _run_in_foreground(place, options, content, seed_file, lock)
        running = server_process.start(place, options)
        with _down_on_failure(place, running):
            _post_seed(running, content, seed_file)
        print(f"localcloud is up (pid {running.pid}, log: {place.log})", file=sys.stderr)
        return _print_url(running)


def _run_in_foreground(
    place: Place, options: ServerOptions, content: Seed | None, seed_file: Path | None, lock: ExitStack
) -> int:
    with server_process.foreground(place, options) as (running, wait):
        _post_seed(running, content, seed_file)
        lock.close()
        _print_url(running)
        code = wait()
    if place.last() == running:  # else the folder is another server's by now
        place.clear()
    return 1 if code else 0


def seed_again(place: Place, file: Path) -> int:
    running = _needed(place)
    added = _post_seed(running, seed.read(file, running.account, running.region), file, if_changed=False)
    return _say("\n".join([f"added {each}" for each in added] or ["all of it is there already: nothing was added"]))


def _seed_running(running: Running, file: Path | None) -> None:
    if file:
        _post_seed(running, seed.read(file, running.account, running.region), file)


def _post_seed(running: Running, content: Seed | None, file: Path | None, *, if_changed: bool = True) -> list[str]:
    if not content:
        return []
    body = {"seed": content.document(), "source": str(file), "if_changed": if_changed}
    response = _ask(running, "seed", body)
    added: list[str] = response["added"]
    return added


@contextmanager
def _down_on_failure(place: Place, running: Running) -> Iterator[None]:
    """A server that cannot be seeded is none."""
    try:
        yield
    except BaseException:
        server_process.end(running, END_SECONDS)
        place.clear()
        raise


def down(place: Place) -> int:
    with place.locked():
        running = place.running()
        if not running:
            return 0 if _tidy(place) else _say("localcloud is not running")
        server_process.end(running, END_SECONDS)
        ended = place.clear()
        return _say(f"localcloud is down (pid {running.pid}){_and_ended(ended)}")


def status(place: Place, *, as_json: bool = False) -> int:
    running = place.running()
    if as_json:
        return _print_record(place, running)
    if not running:
        print(f"localcloud is not running; {HINT}")
        return NOT_RUNNING
    about = lines(_ask(running, "status"))
    since = f"  since       {moment(running.since)}, pid {running.pid}"
    print("\n".join([f"localcloud is running: {running.url}", since, *about, f"  log         {place.log}"]))
    return 0


def _print_record(place: Place, running: Running | None) -> int:
    where = {"folder": str(place.folder.resolve()), "log": str(place.log)}
    if not running:
        print(json.dumps(status_record({}, **where)))
        return NOT_RUNNING
    known = {"since": running.since, "docker": running.docker, **where}
    print(json.dumps(status_record(_ask(running, "status"), **known)), flush=True)
    return 0


def reset(place: Place) -> int:
    _ask(_needed(place), "reset", {})
    return _say("localcloud is empty again")


def logs(place: Place, *, follow: bool = False) -> int:
    if not place.log.exists():
        raise Problem(f"there is no log at {place.log} yet; {HINT}")
    with place.log.open(errors="replace") as log:
        while True:
            sys.stdout.write(log.read())
            sys.stdout.flush()
            if not follow:
                return 0
            time.sleep(0.2)
            if place.log.exists() and place.log.stat().st_ino != os.fstat(log.fileno()).st_ino:
                return logs(place, follow=True)  # another server began a log of its own


def env(place: Place) -> int:
    """For ``eval "$(python -m localcloud env)"``, and just as well without the quotes."""
    running = _needed(place)
    told = client_environment.variables(running.url, running.region, running.proxy, Path(running.certificate))
    del told[client_environment.URL]  # a shell is no part of the server: its commands go on meaning this checkout's
    print("\n".join(f"export {name}={shlex.quote(value)};" for name, value in told.items()))
    print(f"unset {' '.join(client_environment.OTHERS)};")
    return 0


def _tidy(place: Place) -> bool:
    """After a server that ended without `down` (killed, or the machine was): say so, and leave nothing of it."""
    dead = place.last()
    ended = place.clear()
    if dead or ended:
        who = f"the last localcloud (pid {dead.pid})" if dead else "an earlier localcloud"
        print(f"{who} ended without `down`: its state is gone{_and_ended(ended)}")
    return bool(dead or ended)


def _and_ended(processes: int) -> str:
    some = "1 process that it left was" if processes == 1 else f"{processes} processes that it left were"
    return f", and {some} ended" if processes else ""


def _refuse_other_options(running: Running, options: ServerOptions) -> None:
    """What runs is not changed: it may be in use."""
    for name, desired, actual in (
        ("--port", options.port, _port(running)),
        ("--speed", options.speed, running.speed),
        ("--account", options.account, running.account),
        ("--region", options.region, running.region),
    ):
        if desired and desired != actual:
            raise Problem(f"localcloud is running with {name} {_text(actual)}, not {_text(desired)}; {FIRST}")
    if options.docker and options.docker != running.docker:
        actual, desired = _with_docker(running.docker), _with_docker(options.docker)
        raise Problem(f"localcloud is running {actual}, not {desired}; {FIRST}")


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _with_docker(image: str) -> str:
    return f"with --docker{'' if image == '1' else f' {image}'}" if image else "without --docker"


def _port(running: Running) -> int:
    return int(running.url.rpartition(":")[2])


def _needed(place: Place) -> Running:
    running = place.running()
    if not running:
        raise Problem(f"localcloud is not running; {HINT}")
    return running


def _ask(running: Running, what: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    whose, remedy = f"localcloud (pid {running.pid})", "`python -m localcloud down` ends it"
    return ask(running.url, what, body, whose=whose, remedy=remedy)


def _print_url(running: Running) -> int:
    return _say(running.url)


def _say(line: str) -> int:
    print(line, flush=True)
    return 0
