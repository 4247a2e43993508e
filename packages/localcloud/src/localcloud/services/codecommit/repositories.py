"""CodeCommit's repositories: each is the one local Git repository, under a name."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from localcloud.core.cloud import Cloud
from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.service import Part, operation
from localcloud.runtime.git_repository import COMMIT, Commit, GitProblem, Person, Repository

PAGES: dict[str, Any] = {"token_key": "nextToken", "code": "InvalidContinuationTokenException"}


class Repositories(Part):
    def __init__(self, cloud: Cloud, git: Repository) -> None:
        self.cloud, self.git = cloud, git
        self.by_name: dict[str, dict[str, Any]] = {}
        self._tags: dict[str, dict[str, str]] = {}

    def reset(self) -> None:
        self.by_name.clear()
        self._tags.clear()

    @operation("CreateRepository")
    def create_repository(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["repositoryName"]
        if name in self.by_name:
            raise Refusal("RepositoryNameExistsException", f"Repository named {name} already exists")
        now, arn = self.cloud.clock.now(), self.cloud.arn("codecommit", name)
        self.by_name[name] = {
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
        return {"repositoryMetadata": self._describe(self.by_name[name])}

    @operation("GetRepository", locked=False)
    def get_repository(self, request: dict[str, Any]) -> dict[str, Any]:
        with self.cloud.lock:
            repository = self.by_name[self._name(request)]
        return {"repositoryMetadata": self._describe(repository)}

    @operation("DeleteRepository")
    def delete_repository(self, request: dict[str, Any]) -> dict[str, Any]:
        """The name only: pushed commits stay. A missing repository is not an error."""
        repository = self.by_name.pop(request["repositoryName"], {})
        self._tags.pop(repository.get("Arn", ""), None)
        return {"repositoryId": repository["repositoryId"]} if repository else {}

    @operation("ListRepositories")
    def list_repositories(self, request: dict[str, Any]) -> dict[str, Any]:
        members = ("repositoryName", "repositoryId")
        summaries = [{key: repository[key] for key in members} for _, repository in sorted(self.by_name.items())]
        return paged(summaries, request, "repositories", limit=1000, **PAGES)

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
        commit = request["commitId"]
        try:
            if not COMMIT.fullmatch(commit):
                raise GitProblem(f"{commit!r} is not a full commit ID of 40 digits")
            return {"commit": _commit(self.git.commit(commit))}
        except GitProblem as problem:
            raise Refusal("CommitIdDoesNotExistException", str(problem)) from None

    def _describe(self, repository: Mapping[str, Any]) -> dict[str, Any]:
        branches = self.git.branches()
        default = {"defaultBranch": "main" if "main" in branches else branches[0]} if branches else {}
        return {**repository, **default}

    def _name(self, request: dict[str, Any]) -> str:
        name: str = request.get("repositoryName", "")
        if name not in self.by_name:
            raise Refusal("RepositoryDoesNotExistException", f"{name} does not exist")
        return name

    def tags_of(self, arn: str) -> dict[str, str]:
        if arn not in self._tags:
            raise Refusal("RepositoryDoesNotExistException", f"{arn} does not exist")
        return self._tags[arn]


def _commit(commit: Commit) -> dict[str, Any]:
    ids = {"commitId": commit.id, "treeId": commit.tree, "parents": list(commit.parents)}
    people = {"author": _person(commit.author), "committer": _person(commit.committer)}
    return {**ids, **people, "message": commit.message, "additionalData": ""}


def _person(person: Person) -> dict[str, str]:
    return asdict(person)
