"""The commands: start a server for this checkout, find it, ask it, end it. Each is safe to repeat, and to interrupt."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
import urllib.request
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from localcloud import environment, foreground
from localcloud.counters import CALLS, DEFECTS, MISSING, PLAYED_HOSTS, REFUSED_HOSTS
from localcloud.errors import Problem
from localcloud.place import CHECKOUT, Place, Running

START_SECONDS = 60.0
ANSWER_SECONDS = 10.0
END_SECONDS = 15.0
NOT_RUNNING = 3  # what status ends with, as service managers have it
HINT = "start it with: python -m localcloud up"
# What a server must not take from the shell that starts it: somebody's credentials, endpoints, proxies.
HIDDEN = ("AWS_", "BOTO_", "MOTO_", "SAGEMAKER_")
OFFLINE = {
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


def up(place: Place, port: int | None = None, speed: float | None = None, *, in_foreground: bool = False) -> int:
    """The last line of what it prints is the URL."""
    with ExitStack() as lock:
        lock.enter_context(place.locked())
        running = place.running()
        if running:
            _refuse_otherwise(running, port, speed)
            _ask(running, "status")
            print(f"localcloud is running already (pid {running.pid}, since {_told(running.since)})")
            return _print_url(running)
        _tidy(place)
        if not in_foreground:
            running = _start(place, port, speed or 1.0)
            _furnish(running)
            print(f"localcloud is up (pid {running.pid}, log: {place.log})", file=sys.stderr)
            return _print_url(running)

        def ready(running: Running) -> None:
            lock.close()
            _print_url(running)

        foreground.run(place, port, speed or 1.0, ready)
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


def status(place: Place) -> int:
    running = place.running()
    if not running:
        print(f"localcloud is not running; {HINT}")
        return NOT_RUNNING
    told = _ask(running, "status")
    print("\n".join(_lines(running, told, place)))
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
    told = environment.variables(running.url, running.region, running.guard, Path(running.certificate))
    print("\n".join(f"export {name}={shlex.quote(value)};" for name, value in told.items()))
    print(f"unset {' '.join(environment.OTHERS)};")
    return 0


def _start(place: Place, port: int | None, speed: float) -> Running:
    place.new_log()
    command = [sys.executable, "-m", foreground.CHILD, "--folder", str(place.folder), "--speed", str(speed)]
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


def _furnish(running: Running) -> None:
    """An account without its bucket is still an account: what cannot be made is said, and nothing more."""
    from localcloud.furnish import furnish

    try:
        furnish(environment.outside_client("s3", running.url, running.region))
    except Exception as error:  # noqa: BLE001 - the settings' own command says what is wrong with them
        print(f"the bucket and example data are not there: {' '.join(str(error).split())}", file=sys.stderr)


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


def _refuse_otherwise(running: Running, port: int | None, speed: float | None) -> None:
    """What runs is not changed: it may be in use."""
    for name, wanted, has in (("--port", port, _port(running)), ("--speed", speed, running.speed)):
        if wanted and wanted != has:
            raise Problem(
                f"localcloud is running with {name} {has:g}, not {wanted:g}; `python -m localcloud down` first"
            )


def _port(running: Running) -> int:
    return int(running.url.rpartition(":")[2])


def _needed(place: Place) -> Running:
    running = place.running()
    if not running:
        raise Problem(f"localcloud is not running; {HINT}")
    return running


def _ask(running: Running, what: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310 - our own URL
        f"{running.url}/_localcloud/{what}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request, timeout=ANSWER_SECONDS) as answer:
            told: dict[str, Any] = json.load(answer)
            return told
    except (OSError, ValueError) as error:
        why = getattr(error, "reason", error)
        sentence = f"localcloud (pid {running.pid}) runs at {running.url} but does not answer ({why})"
        raise Problem(f"{sentence}; `python -m localcloud down` ends it") from None


def _lines(running: Running, told: dict[str, Any], place: Place) -> Iterator[str]:
    counters = told["counters"]
    clock = told["clock"]
    yield f"localcloud is running: {running.url}"
    yield f"  since       {_told(running.since)}, pid {running.pid}"
    yield f"  clock       {_told(clock['now'])}, {clock['speed']:g} times as fast as ours"
    yield f"  account     {told['account']} in {told['region']}"
    yield f"  services    {', '.join([*told['services'], 'and those of moto'])}"
    yield f"  processes   {', '.join(p['name'] or str(p['pid']) for p in told['processes']) or 'none'}"
    yield f"  calls       {counters.get(CALLS, 0)}, of which {counters.get(DEFECTS, 0)} failed inside localcloud"
    for kind in (MISSING, PLAYED_HOSTS, REFUSED_HOSTS):
        for name, number in counters.items():
            if name.startswith(f"{kind}: "):
                yield f"  {name} ({number} times)"
    yield f"  log         {place.log}"


def _told(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S")


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
