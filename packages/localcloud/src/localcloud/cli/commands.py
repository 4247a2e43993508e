"""The commands: start a server for this checkout, find it, ask it, end it. Each is safe to repeat, and to interrupt."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections import deque
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from localcloud.core import client_environment
from localcloud.core.control_client import ask, lines, moment, status_record
from localcloud.core.errors import Problem
from localcloud.core.state_dir import CHECKOUT, Place, Running
from localcloud.runtime.jobs.runtimes import SWITCH
from localcloud.server import process

START_SECONDS = 60.0
END_SECONDS = 15.0
NOT_RUNNING = 3  # what status ends with, as service managers have it
FIRST = "`python -m localcloud down` first"
HINT = "start it with: python -m localcloud up"
# What a server must not take from the shell that starts it: somebody's credentials, endpoints, proxies; and that it may
# not keep compiled modules, without which each start takes twice as long.
HIDDEN = ("AWS_", "BOTO_", "MOTO_", "SAGEMAKER_", "PYTHONDONTWRITEBYTECODE")
OFFLINE = {
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


def up(
    place: Place, port: int | None = None, speed: float | None = None, docker: str = "", *, in_foreground: bool = False
) -> int:
    """The last line of what it prints is the URL. ``docker``: see runtimes.SWITCH, whose place it takes."""
    with ExitStack() as lock:
        lock.enter_context(place.locked())
        running = place.running()
        if running:
            _refuse_otherwise(running, port, speed, docker)
            if problem := _ask(running, "furnish", {})["problem"]:
                print(f"warning: {problem}", file=sys.stderr)
            print(f"localcloud is running already (pid {running.pid}, since {moment(running.since)})")
            return _print_url(running)
        _tidy(place)
        if docker:
            os.environ[SWITCH] = docker
        if not in_foreground:
            running = _start(place, port, speed or 1.0)
            print(f"localcloud is up (pid {running.pid}, log: {place.log})", file=sys.stderr)
            return _print_url(running)

        def ready(running: Running) -> None:
            lock.close()
            _print_url(running)

        process.run(place, port, speed or 1.0, ready)
        if place.running():  # else the folder is another server's by now
            place.clear()
        return 0


def down(place: Place) -> int:
    with place.locked():
        running = place.running()
        if not running:
            return 0 if _tidy(place) else _say("localcloud is not running")
        _signal(running.pid, signal.SIGTERM)
        if not _ended(running, END_SECONDS):
            _signal(running.pid, signal.SIGKILL)
            _ended(running, END_SECONDS)
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


def _start(place: Place, port: int | None, speed: float) -> Running:
    place.new_log()
    command = [sys.executable, "-m", process.CHILD, "--folder", str(place.folder), "--speed", str(speed)]
    command += [] if port is None else ["--port", str(port)]
    with place.log.open("w") as log:
        child = subprocess.Popen(
            command,
            cwd=CHECKOUT,
            env=_clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        return _awaited(place, child)
    except BaseException:
        child.kill()
        child.wait()
        place.clear()
        raise


def _awaited(place: Place, child: subprocess.Popen[bytes]) -> Running:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        running = place.last()
        if running and running.pid == child.pid:
            return running
        if child.poll() is not None:
            last = deque(place.log.open(errors="replace"), maxlen=1)
            sentence = last[0].strip().removeprefix("error: ") if last else f"exit code {child.returncode}"
            raise Problem(f"localcloud did not start: {sentence}")
        time.sleep(0.01)
    raise Problem(f"localcloud did not start within {START_SECONDS:g} s; {place.log} may tell why")


def _clean_environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(HIDDEN)}
    return {name: value for name, value in kept.items() if not name.lower().endswith("_proxy")} | OFFLINE


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


def _refuse_otherwise(running: Running, port: int | None, speed: float | None, docker: str) -> None:
    """What runs is not changed: it may be in use."""
    for name, wanted, has in (("--port", port, _port(running)), ("--speed", speed, running.speed)):
        if wanted and wanted != has:
            raise Problem(f"localcloud is running with {name} {has:g}, not {wanted:g}; {FIRST}")
    if docker and docker != running.docker:
        raise Problem(f"localcloud is running {_with_docker(running.docker)}, not {_with_docker(docker)}; {FIRST}")


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


def _ended(running: Running, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while running.alive:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def _signal(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _print_url(running: Running) -> int:
    return _say(running.url)


def _say(line: str) -> int:
    print(line, flush=True)
    return 0
