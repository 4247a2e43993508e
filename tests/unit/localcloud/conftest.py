"""A working copy whose commits are pushed into the cloud's own Git repository."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

WHO = {f"GIT_{who}_{what}": "someone" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


@pytest.fixture
def git(tmp_path: Path) -> Callable[..., str]:
    """git in the working copy, which is made at the first call; answers what it printed."""
    folder = tmp_path / "checkout"

    def run(*command: str) -> str:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        if not folder.exists():
            subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True, env=clean | quiet)
        done = subprocess.run(
            ["git", *command],
            cwd=folder,
            env=clean | quiet | WHO,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    return run


@pytest.fixture
def committed(git: Callable[..., str], tmp_path: Path) -> Callable[..., str]:
    """Commits files, by their text; answers the commit."""

    def commit(files: Mapping[str, str], message: str = "a commit") -> str:
        git("status")
        for name, text in files.items():
            file = tmp_path / "checkout" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        git("add", "--all")
        git("commit", "-q", "--allow-empty", "-m", message)
        return git("rev-parse", "HEAD").strip()

    return commit


@pytest.fixture
def pushed(cloud: Any, git: Callable[..., str], committed: Callable[..., str]) -> Callable[..., str]:
    """Commits files and pushes them to the cloud's repository; answers the commit."""
    from localcloud.git.repository import Repository

    def push(files: Mapping[str, str], message: str = "a commit", branch: str = "main") -> str:
        commit = committed(files, message)
        repository = Repository.of(cloud.folder)
        repository.create()
        git("push", "-q", str(repository.folder), f"HEAD:refs/heads/{branch}")
        return commit

    return push
