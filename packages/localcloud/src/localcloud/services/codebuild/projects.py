"""Projects: the settings of builds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from localcloud.core.cloud import Cloud
from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal, not_implemented
from localcloud.core.service import Part, operation
from localcloud.services.codebuild.buildspec import inline
from localcloud.services.codebuild.errors import INVALID, NOT_FOUND, PAGES
from localcloud.services.codebuild.service_role import AccessDenied, open_session

DEFAULTS: dict[str, Any] = {
    "timeoutInMinutes": 60,
    "queuedTimeoutInMinutes": 480,
    "cache": {"type": "NO_CACHE"},
    "secondarySources": [],
    "secondaryArtifacts": [],
    "secondarySourceVersions": [],
    "tags": [],
}
NOT_IMPLEMENTED = {
    "fileSystemLocations": "A project with EFS",
    "buildBatchConfig": "A project for batch builds",
    "autoRetryLimit": "A project that retries builds",
}
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
WITH_LOCATION = ("S3", "CODECOMMIT", "GITHUB", "GITLAB", "BITBUCKET", "GITHUB_ENTERPRISE", "GITLAB_SELF_MANAGED")


class Projects(Part):
    def __init__(self, cloud: Cloud) -> None:
        self._cloud, self._clock, self._arn = cloud, cloud.clock, cloud.arn
        self.projects: dict[str, dict[str, Any]] = {}

    def reset(self) -> None:
        self.projects.clear()

    @operation("CreateProject")
    def create_project(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["name"]
        if name in self.projects:
            arn = self.projects[name]["arn"]
            raise Refusal("ResourceAlreadyExistsException", f"Project already exists: {arn}")
        now = self._clock.now()
        identity = {"arn": self._arn("codebuild", f"project/{name}"), "created": now, "lastModified": now}
        return {"project": self._put({**DEFAULTS, **request, **identity})}

    @operation("UpdateProject")
    def update_project(self, request: dict[str, Any]) -> dict[str, Any]:
        """Members that the request does not name stay as they are."""
        old = self.get(request["name"])
        return {"project": self._put({**old, **request, "lastModified": self._clock.now()})}

    @operation("DeleteProject")
    def delete_project(self, request: dict[str, Any]) -> None:
        """A missing project is not an error; the builds of a deleted project continue and can still be described."""
        self.projects.pop(_name(request["name"]), None)

    @operation("BatchGetProjects")
    def batch_get_projects(self, request: dict[str, Any]) -> dict[str, Any]:
        names = [_name(name) for name in request["names"]]
        projects = [self.projects[name] for name in names if name in self.projects]
        return {"projects": projects, "projectsNotFound": [name for name in names if name not in self.projects]}

    @operation("ListProjects")
    def list_projects(self, request: dict[str, Any]) -> dict[str, Any]:
        key = {"CREATED_TIME": "created", "LAST_MODIFIED_TIME": "lastModified"}.get(request.get("sortBy", ""), "name")
        descending = request.get("sortOrder") == "DESCENDING"
        projects = sorted(self.projects.values(), key=lambda project: project[key], reverse=descending)
        return paged([project["name"] for project in projects], request, "projects", **PAGES)

    def get(self, name: str) -> dict[str, Any]:
        name = _name(name)
        if name not in self.projects:
            raise Refusal(NOT_FOUND, f"Project cannot be found: {self._arn('codebuild', f'project/{name}')}")
        return self.projects[name]

    def _put(self, project: dict[str, Any]) -> dict[str, Any]:
        for name, feature in NOT_IMPLEMENTED.items():
            if project.get(name):
                raise not_implemented(feature)
        if project.get("logsConfig", {}).get("s3Logs", {}).get("status") == "ENABLED":
            raise not_implemented("A project that logs to S3")
        for sentence in problems(project):
            raise Refusal(INVALID, sentence)
        try:
            open_session(self._cloud, project["name"], project["serviceRole"], "check")
        except AccessDenied as denied:
            raise Refusal(INVALID, str(denied)) from None
        self.projects[project["name"]] = project
        return project


def problems(project: Mapping[str, Any]) -> Iterator[str]:
    """The checks of CodeBuild beyond its API model, of a project or of a build's overrides."""
    source, artifacts = project["source"], project["artifacts"]
    yield from _source(source)
    for other in project.get("secondarySources", []):
        yield from _source(other)
        if not other.get("sourceIdentifier"):
            yield "A secondary source needs a sourceIdentifier."
    if (source["type"] == "CODEPIPELINE") != (artifacts["type"] == "CODEPIPELINE"):
        yield "Invalid artifacts: artifact type CODEPIPELINE should be used with source type CODEPIPELINE and only so."
    for artifact in (artifacts, *project.get("secondaryArtifacts", [])):
        if artifact["type"] == "S3" and not artifact.get("location"):
            yield "Invalid artifacts: location must not be empty for artifacts of type S3."
    yield from _variables(project["environment"].get("environmentVariables", []))
    cache = project.get("cache", {})
    if cache.get("type") == "S3" and not cache.get("location"):
        yield "Invalid cache: location is a required field for cache of type S3."


def _source(source: Mapping[str, Any]) -> Iterator[str]:
    kind = source["type"]
    if kind == "NO_SOURCE" and not inline(source.get("buildspec", "")):
        yield "Invalid source: the buildspec must be given inline for source type NO_SOURCE."
    if kind in WITH_LOCATION and not source.get("location"):
        yield f"Invalid source: location must not be empty for source type {kind}."


def _variables(variables: list[dict[str, str]]) -> Iterator[str]:
    for variable in variables:
        name = variable["name"]
        if name.startswith("CODEBUILD_"):
            yield f"Invalid environment variable name: {name}; CODEBUILD_ is reserved."
        elif not VARIABLE.fullmatch(name):
            yield f"Invalid environment variable name: {name!r}."
    names = [variable["name"] for variable in variables]
    yield from (
        f"Environment variable {name} is given twice." for name in sorted({n for n in names if names.count(n) > 1})
    )


def _name(name: str) -> str:
    """A project may be named by its ARN."""
    return name.rpartition(":project/")[2]
