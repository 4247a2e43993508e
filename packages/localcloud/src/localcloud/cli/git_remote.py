"""``localcloud remote``: adds the running server's repository as the remote ``local`` of the Git checkout."""

from __future__ import annotations

import subprocess
from pathlib import Path

from localcloud.cli import running_server
from localcloud.core.errors import Problem
from localcloud.core.state_dir import StateDir, checkout

NAME = "local"
SECONDS = 30.0


def remote(state_dir: StateDir, start: Path | None = None) -> int:
    """The last line it prints is the repository's folder."""
    response = running_server.call(running_server.require(state_dir), "git", {})
    folder = str(response["repository"])
    print(_set_remote(checkout(start) or start or Path.cwd(), folder))
    print(folder)
    return 0


def _set_remote(root: Path, folder: str) -> str:
    if not (root / ".git").exists():
        return f"{root} is not a Git checkout: push to this folder from one"
    if _git(root, "remote", "get-url", NAME).stdout.strip() == folder:
        return f"the remote {NAME} exists already: git push {NAME} main"
    exists = NAME in _git(root, "remote").stdout.split()
    done = _git(root, "remote", "set-url" if exists else "add", NAME, folder)
    if done.returncode:
        raise Problem(f"the remote {NAME} cannot be set: {' '.join(done.stderr.split())}")
    return f"the remote {NAME} is {'set' if exists else 'added'}: git push {NAME} main"


def _git(root: Path, *command: str) -> subprocess.CompletedProcess[str]:
    words = ["git", *command]
    try:
        return subprocess.run(words, cwd=root, capture_output=True, text=True, timeout=SECONDS, check=False)
    except FileNotFoundError:
        raise Problem("the command git is not installed: install it to push to localcloud") from None
    except subprocess.TimeoutExpired:
        raise Problem(f"git {' '.join(command[:2])} took longer than {SECONDS:g} s") from None
