"""CodeCommit, as far as pipelines need it, and what happens when somebody pushes.

Every repository of CodeCommit is the one local repository, under a name. Not reproduced: pull requests, comments,
approval rules, files through the API, triggers of repositories.
"""

from __future__ import annotations

import shlex
import shutil
import sys
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.service import Service, operation
from localcloud.runtime.git_repository import COMMIT, NO_COMMIT, Commit, GitProblem, Person, Repository
from localcloud.services.codepipeline.triggers import Push

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

HOOK = Path(__file__).with_name("post_receive.py")
PAGES: dict[str, Any] = {"token_key": "nextToken", "code": "InvalidContinuationTokenException"}
REFERENCES = {"refs/heads/": "branch", "refs/tags/": "tag"}


class CodeCommit(Service):
    name: ClassVar[str] = "codecommit"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.repositories: dict[str, dict[str, Any]] = {}
        self._tags: dict[str, dict[str, str]] = {}
        self.git = Repository.of(cloud.folder)

    def reset(self) -> None:
        self.repositories.clear()
        self._tags.clear()
        if self.git.exists:
            shutil.rmtree(self.git.folder, ignore_errors=True)
            self.ready()

    def controls(self) -> Mapping[tuple[str, str], Callable[[dict[str, Any]], dict[str, Any]]]:
        return {("POST", "git"): lambda _: self.open(), ("POST", "git/push"): self.pushed}

    def open(self) -> dict[str, Any]:
        """The repository, ready to be pushed to; from any thread, once we listen."""
        try:
            self.git.create()
        except GitProblem as problem:
            raise ValueError(str(problem)) from None
        hook = self.git.folder / "hooks" / "post-receive"
        hook.parent.mkdir(exist_ok=True)
        command = shlex.join([sys.executable, "-I", str(HOOK), f"{self.cloud.url}/_localcloud/git/push"])
        hook.write_text(f"#!/bin/sh\nexec {command}\n")
        hook.chmod(0o755)
        return {"repository": str(self.git.folder.resolve())}

    def ready(self) -> None:
        """Without git there is nothing to push with either."""
        with suppress(ValueError):
            self.open()

    def pushed(self, told: dict[str, Any]) -> dict[str, Any]:
        """What the hook tells after a push: {"updates": [[old, new, reference], ...]}."""
        try:
            updates = [(str(old), str(new), str(reference)) for old, new, reference in told["updates"]]
        except (KeyError, TypeError, ValueError):
            raise ValueError('a push is told as {"updates": [[old, new, reference], ...]}') from None
        try:
            return {"told": [line for update in updates for line in self._pushed(*update)]}
        except GitProblem as problem:
            raise ValueError(str(problem)) from None

    def _pushed(self, old: str, new: str, reference: str) -> list[str]:
        prefix = next((prefix for prefix in REFERENCES if reference.startswith(prefix)), "")
        if not prefix:
            return []
        kind, name = REFERENCES[prefix], reference.removeprefix(prefix)
        commit = NO_COMMIT if new == NO_COMMIT else self.git.resolve(new)
        files = self.git.changed_files(old, commit) if kind == "branch" and new != NO_COMMIT else []
        pipelines: Any = self.cloud.services.get("codepipeline")
        with self.cloud.lock:
            for repository in self.repositories.values():
                self._announce(repository, kind, name, old, commit)
            if new == NO_COMMIT or not pipelines:
                return []
            told: list[str] = pipelines.pushed(Push(kind, name, commit, files))
            return told

    def _announce(self, repository: dict[str, Any], kind: str, name: str, old: str, new: str) -> None:
        change = "Created" if old == NO_COMMIT else "Deleted" if new == NO_COMMIT else "Updated"
        arn = repository["Arn"]
        detail = {
            "event": f"reference{change}",
            "repositoryName": repository["repositoryName"],
            "repositoryId": repository["repositoryId"],
            "referenceType": kind,
            "referenceName": name,
            "referenceFullName": f"refs/{'heads' if kind == 'branch' else 'tags'}/{name}",
            "callerUserArn": f"arn:aws:iam::{self.cloud.account}:root",
        }
        commits = {"commitId": new if new != NO_COMMIT else "", "oldCommitId": old if old != NO_COMMIT else ""}
        said = detail | {key: value for key, value in commits.items() if value}
        self.cloud.emit("aws.codecommit", "CodeCommit Repository State Change", said, [arn])

    @operation("CreateRepository")
    def create_repository(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["repositoryName"]
        if name in self.repositories:
            raise Refusal("RepositoryNameExistsException", f"Repository named {name} already exists")
        now, arn = self.cloud.clock.now(), self.cloud.arn("codecommit", name)
        self.repositories[name] = {
            "accountId": self.cloud.account,
            "repositoryId": str(uuid.uuid4()),
            "repositoryName": name,
            "repositoryDescription": request.get("repositoryDescription", ""),
            "lastModifiedDate": now,
            "creationDate": now,
            "cloneUrlHttp": str(self.git.folder.resolve()),
            "cloneUrlSsh": str(self.git.folder.resolve()),
            "Arn": arn,
        }
        self._tags[arn] = dict(request.get("tags", {}))
        return {"repositoryMetadata": self._told(self.repositories[name])}

    @operation("GetRepository", locked=False)
    def get_repository(self, request: dict[str, Any]) -> dict[str, Any]:
        with self.cloud.lock:
            found = self.repositories[self._name(request)]
        return {"repositoryMetadata": self._told(found)}

    @operation("DeleteRepository")
    def delete_repository(self, request: dict[str, Any]) -> dict[str, Any]:
        """Its name only: what was pushed stays. One that is not there is no error."""
        found = self.repositories.pop(request["repositoryName"], {})
        self._tags.pop(found.get("Arn", ""), None)
        return {"repositoryId": found["repositoryId"]} if found else {}

    @operation("ListRepositories")
    def list_repositories(self, request: dict[str, Any]) -> dict[str, Any]:
        kept = ("repositoryName", "repositoryId")
        found = [{key: one[key] for key in kept} for _, one in sorted(self.repositories.items())]
        return paged(found, request, "repositories", limit=1000, **PAGES)

    @operation("GetBranch", locked=False)
    def get_branch(self, request: dict[str, Any]) -> dict[str, Any]:
        self._name(request)
        name = request.get("branchName", "")
        try:
            return {"branch": {"branchName": name, "commitId": self.git.branch(name)}}
        except GitProblem as problem:
            raise Refusal("BranchDoesNotExistException", str(problem)) from None

    @operation("ListBranches", locked=False)
    def list_branches(self, request: dict[str, Any]) -> dict[str, Any]:
        self._name(request)
        return {"branches": self.git.branches()}

    @operation("GetCommit", locked=False)
    def get_commit(self, request: dict[str, Any]) -> dict[str, Any]:
        self._name(request)
        asked = request["commitId"]
        try:
            if not COMMIT.fullmatch(asked):
                raise GitProblem(f"{asked!r} is no commit: all 40 digits are needed")
            return {"commit": _commit(self.git.commit(asked))}
        except GitProblem as problem:
            raise Refusal("CommitIdDoesNotExistException", str(problem)) from None

    @operation("TagResource")
    def tag_resource(self, request: dict[str, Any]) -> None:
        self._tagged(request).update(request["tags"])

    @operation("UntagResource")
    def untag_resource(self, request: dict[str, Any]) -> None:
        tags = self._tagged(request)
        for key in request["tagKeys"]:
            tags.pop(key, None)

    @operation("ListTagsForResource")
    def list_tags_for_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"tags": self._tagged(request)}

    def _told(self, repository: Mapping[str, Any]) -> dict[str, Any]:
        branches = self.git.branches()
        default = {"defaultBranch": "main" if "main" in branches else branches[0]} if branches else {}
        return {**repository, **default}

    def _name(self, request: dict[str, Any]) -> str:
        name: str = request.get("repositoryName", "")
        if name not in self.repositories:
            raise Refusal("RepositoryDoesNotExistException", f"{name} does not exist")
        return name

    def _tagged(self, request: dict[str, Any]) -> dict[str, str]:
        if request["resourceArn"] not in self._tags:
            raise Refusal("RepositoryDoesNotExistException", f"{request['resourceArn']} does not exist")
        return self._tags[request["resourceArn"]]


def _commit(commit: Commit) -> dict[str, Any]:
    told = {"commitId": commit.id, "treeId": commit.tree, "parents": list(commit.parents), "message": commit.message}
    return {**told, "author": _person(commit.author), "committer": _person(commit.committer), "additionalData": ""}


def _person(person: Person) -> dict[str, str]:
    return asdict(person)
