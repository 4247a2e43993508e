"""A push to the repository: emits CodeCommit's events and starts pipelines."""

from __future__ import annotations

import errno
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from localcloud.core.cloud import Cloud
from localcloud.core.disk_space import disk_problem
from localcloud.runtime.git_repository import NO_COMMIT, GitProblem, Repository
from localcloud.services.codecommit.repositories import Repositories
from localcloud.services.codepipeline.triggers import Push

KEY = "LOCALCLOUD_KEY"  # in the hook's environment, where other processes do not see it
HOOK = Path(__file__).with_name("hook.py")
REFERENCES = {"refs/heads/": "branch", "refs/tags/": "tag"}
StartPipelines = Callable[[Push], list[str]]


class Pushes:
    def __init__(self, cloud: Cloud, git: Repository, repositories: Repositories) -> None:
        self.cloud, self.git, self.repositories = cloud, git, repositories
        self.start_pipelines: StartPipelines = lambda _: []

    def open(self) -> dict[str, Any]:
        """Creates the repository with its hook, ready for pushes; from any thread, once the server listens."""
        try:
            self.git.create()
        except GitProblem as problem:
            raise ValueError(str(problem)) from None
        for name in ("pre-receive", "post-receive"):
            self._write_hook(self.git.folder / "hooks" / name)
        return {"repository": str(self.git.folder.resolve())}

    def check(self, _: dict[str, Any]) -> dict[str, Any]:
        """Before a push: one that nothing could be done with is declined."""
        if disk_problem(self.cloud.folder):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return {}

    def receive(self, request: dict[str, Any]) -> dict[str, Any]:
        """The hook's report: {"updates": [[old, new, reference], ...]}."""
        try:
            updates = [(str(old), str(new), str(reference)) for old, new, reference in request["updates"]]
        except (KeyError, TypeError, ValueError):
            raise ValueError('a push is reported as {"updates": [[old, new, reference], ...]}') from None
        try:
            return {"lines": [line for update in updates for line in self._receive(*update)]}
        except GitProblem as problem:
            raise ValueError(str(problem)) from None

    def _write_hook(self, file: Path) -> None:
        file.parent.mkdir(exist_ok=True)
        command = shlex.join([sys.executable, "-I", str(HOOK), f"{self.cloud.url}/_localcloud/git/{file.name}"])
        partial = file.with_suffix(".partial")
        partial.touch(mode=0o700)
        partial.write_text(f"#!/bin/sh\n{KEY}={self.cloud.control_key} exec {command}\n")
        partial.replace(file)

    def _receive(self, old: str, new: str, reference: str) -> list[str]:
        prefix = next((prefix for prefix in REFERENCES if reference.startswith(prefix)), "")
        if not prefix:
            return []
        kind, name = REFERENCES[prefix], reference.removeprefix(prefix)
        commit = NO_COMMIT if new == NO_COMMIT else self.git.resolve(new)
        files = self.git.changed_files(old, commit) if kind == "branch" and new != NO_COMMIT else []
        with self.cloud.lock:
            for repository in self.repositories.by_name.values():
                self._emit(repository, kind, name, old, commit)
            return [] if new == NO_COMMIT else self.start_pipelines(Push(kind, name, commit, files))

    def _emit(self, repository: dict[str, Any], kind: str, name: str, old: str, new: str) -> None:
        change = "Created" if old == NO_COMMIT else "Deleted" if new == NO_COMMIT else "Updated"
        detail = {
            "event": f"reference{change}",
            "repositoryName": repository["repositoryName"],
            "repositoryId": repository["repositoryId"],
            "referenceType": kind,
            "referenceName": name,
            "referenceFullName": f"refs/{'heads' if kind == 'branch' else 'tags'}/{name}",
            "callerUserArn": f"arn:aws:iam::{self.cloud.account}:root",
        }
        commits = {"commitId": new, "oldCommitId": old}
        detail |= {key: value for key, value in commits.items() if value != NO_COMMIT}
        self.cloud.emit("aws.codecommit", "CodeCommit Repository State Change", detail, [repository["Arn"]])
