"""A bare repository on this machine, used through the ``git`` command without any configuration of its user."""

from __future__ import annotations

import os
import re
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

TIMEOUT_SECONDS = 120.0
NO_COMMIT = "0" * 40  # Git's id for a branch that does not exist, before its first push or after its deletion
COMMIT = re.compile(r"[0-9a-f]{40}")
QUIET = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
FIELDS = ("%H", "%T", "%P", "%an", "%ae", "%aI", "%cn", "%ce", "%cI", "%at", "%B")


class GitProblem(Exception):
    """Git failed; the message is one sentence."""


@dataclass(frozen=True)
class Person:
    name: str
    email: str
    date: str  # ISO 8601


@dataclass(frozen=True)
class Commit:
    id: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    author_time: int  # seconds since 1970
    message: str


class Repository:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def of(cls, cloud_folder: Path) -> Repository:
        """The repository behind every connection of a cloud."""
        return cls(cloud_folder / "git" / "repository.git")

    def create(self) -> None:
        """Create it if it does not exist; a clone checks out ``main``."""
        if not self.exists:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            _run(["git", "init", "--quiet", "--bare", "--template=", "--initial-branch=main", str(self.folder)])

    @property
    def exists(self) -> bool:
        return (self.folder / "HEAD").is_file()

    def resolve(self, revision: str) -> str:
        """The commit of a branch, a tag or an abbreviated id; GitProblem when there is none."""
        if not self.exists:
            raise GitProblem("the local repository is empty: run `git push local main`")
        if revision.startswith("-"):
            raise GitProblem(f"{revision!r} is not a revision")
        try:
            return self._git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").strip()
        except GitProblem:
            raise GitProblem(f"the local repository has no revision {revision!r}") from None

    def branch(self, name: str) -> str:
        """The newest commit of a branch."""
        try:
            return self.resolve(f"refs/heads/{name}")
        except GitProblem as problem:
            reason = f"the local repository has no branch {name!r}: push it" if self.exists else str(problem)
            raise GitProblem(reason) from None

    def branches(self) -> list[str]:
        return self._git("for-each-ref", "--format=%(refname:short)", "refs/heads").split() if self.exists else []

    def commit(self, revision: str) -> Commit:
        output = self._git("show", "--no-patch", f"--format={'%x00'.join(FIELDS)}", self.resolve(revision))
        number, tree, parents, an, ae, ad, cn, ce, cd, at, message = output.rstrip("\n").split("\0", 10)
        people = Person(an, ae, ad), Person(cn, ce, cd)
        return Commit(number, tree, tuple(parents.split()), *people, int(at), message.strip())

    def changed_files(self, old: str, new: str) -> list[str]:
        """The files that a push changed; all of them when the branch is new."""
        if old == NO_COMMIT:
            return self._paths("ls-tree", "-r", "-z", "--name-only", new)
        return self._paths("diff", "--name-only", "--no-renames", "-z", old, new)

    def archive(self, commit: str, file: Path) -> None:
        """The commit's files as a zip, as a source action passes them on: without the history."""
        self._git("archive", "--format=zip", "-1", f"--output={file}", commit)

    def export(self, revision: str, folder: Path) -> str:
        """Extract the commit's files into a folder; returns the commit."""
        commit = self.resolve(revision)
        content = _run(["git", f"--git-dir={self.folder}", "archive", "--format=tar", commit])
        with tarfile.open(fileobj=BytesIO(content)) as archive:
            archive.extractall(folder, filter="data")
        return commit

    def _paths(self, *command: str) -> list[str]:
        return [path for path in self._git(*command).split("\0") if path]

    def _git(self, *command: str) -> str:
        return _run(["git", f"--git-dir={self.folder}", *command]).decode(errors="replace")


def _run(command: list[str]) -> bytes:
    try:
        result = subprocess.run(
            command, env=dict(_environment()), capture_output=True, timeout=TIMEOUT_SECONDS, check=False
        )
    except FileNotFoundError:
        raise GitProblem("the command git is not installed: install it to push to localcloud") from None
    except subprocess.TimeoutExpired:
        raise GitProblem(f"git {command[2]} took longer than {TIMEOUT_SECONDS:g} s") from None
    if result.returncode:
        reason = " ".join(result.stderr.decode(errors="replace").split())
        raise GitProblem(reason or f"{' '.join(command[2:4])} exited with {result.returncode}")
    return result.stdout


def _environment() -> Iterator[tuple[str, str]]:
    """Without the variables that Git sets for its hooks and aliases."""
    yield from ((name, value) for name, value in os.environ.items() if not name.startswith("GIT_"))
    yield from QUIET.items()
