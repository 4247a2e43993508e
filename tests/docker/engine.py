"""python tests/docker/engine.py COMMAND...: runs a command with a Docker engine.

An engine that answers is used as it is. Without one, root on Linux gets an engine of its own while the command runs,
with its images in .venv/docker; with INSTALL_ENGINE=1 it is installed from the distribution first.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import host_network

IMAGES = Path(__file__).resolve().parents[2] / ".venv/docker"
START_SECONDS, STOP_SECONDS = 60, 30
NETWORKS = [], ["--bridge=none", "--iptables=false"]  # the second where the kernel allows no bridge
INSTALL = "apt-get", "install", "--yes", "--no-install-recommends"


class NoEngine(Exception):
    """The message says why."""


def main(command: list[str]) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        if _answers(os.environ):
            return subprocess.call(command)
        _install()
        if _answers(os.environ):  # the distribution has started it
            return subprocess.call(command)
        with _engine() as host:
            return subprocess.call(command, env={**os.environ, "DOCKER_HOST": host})
    except NoEngine as problem:
        print(f"no Docker engine answers, and none can be started: {problem}")
        return 1


def _answers(environment: dict[str, str] | os._Environ[str]) -> bool:
    try:
        done = subprocess.run(["docker", "version"], capture_output=True, env=environment, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _install() -> None:
    if sys.platform != "linux" or os.geteuid():
        raise NoEngine("that needs root on Linux")
    if shutil.which("dockerd"):
        return
    if os.environ.get("INSTALL_ENGINE") != "1":
        raise NoEngine("dockerd is not installed")
    if not shutil.which("apt-get"):
        raise NoEngine("the distribution has no apt-get to install it with")
    for words in (["apt-get", "update"], [*INSTALL, "docker.io"], [*INSTALL, "docker-compose"]):
        variables = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        done = subprocess.run(words, capture_output=True, text=True, env=variables, timeout=600, check=False)
        if done.returncode and words[-1] != "docker-compose":  # which only some of the tests need
            raise NoEngine(f"{' '.join(words)}: {_last_line(done.stderr)}")


@contextmanager
def _engine() -> Iterator[str]:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with (IMAGES / "lock").open("w") as lock, tempfile.TemporaryDirectory(prefix="docker-") as folder:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise NoEngine(f"another one uses {IMAGES}") from None
        with host_network.restored():
            host, child = f"unix://{folder}/socket", _start(Path(folder))
            try:
                yield host
            finally:
                _stop(child)
                _unmount(folder)


def _start(folder: Path) -> subprocess.Popen[bytes]:
    """It ends with this process, however that one ends."""
    words = ["setpriv", "--pdeathsig", "TERM", "dockerd", "--host", f"unix://{folder}/socket"]
    words += ["--data-root", str(IMAGES), "--exec-root", f"{folder}/run", "--pidfile", f"{folder}/pid"]
    for network in NETWORKS:
        with (folder / "log").open("wb") as log:
            child = subprocess.Popen([*words, *network], stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + START_SECONDS
        while child.poll() is None and time.monotonic() < deadline:
            if _answers({**os.environ, "DOCKER_HOST": f"unix://{folder}/socket"}):
                return child
            time.sleep(0.2)
        _stop(child)
    raise NoEngine(f"dockerd: {_last_line((folder / 'log').read_text(errors='replace'))}")


def _stop(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _unmount(folder: str) -> None:
    """A network namespace stays mounted."""
    for line in Path("/proc/mounts").read_text().splitlines():
        if (mounted := line.split()[1]).startswith(f"{folder}/"):
            subprocess.run(["umount", "--lazy", mounted], check=False)


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it printed nothing"])[-1]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
