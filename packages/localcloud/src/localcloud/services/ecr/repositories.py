"""Repositories: create, describe, delete, and whether their tags can move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from localcloud.core import tags
from localcloud.core.cloud import Cloud
from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.service import Part, Request, operation
from localcloud.services.ecr.hosts import registry_host
from localcloud.services.ecr.manifests import Image

PAGES: dict[str, Any] = {
    "limit": 100,
    "size_key": "maxResults",
    "token_key": "nextToken",
    "code": "InvalidParameterException",
}
MUTABILITY = "imageTagMutability", "imageTagMutabilityExclusionFilters"
WITH_EXCLUSION = "_WITH_EXCLUSION"


@dataclass(eq=False)
class Repository:
    name: str
    arn: str
    created: datetime
    settings: Request  # mutability, scanning and encryption, in the API's spelling
    resource_tags: dict[str, str]
    images: dict[str, Image] = field(default_factory=dict)  # by digest
    tags: dict[str, str] = field(default_factory=dict)  # of its images: tag to digest
    layers: dict[str, int] = field(default_factory=dict)  # digest to size
    policies: dict[str, str] = field(default_factory=dict)  # the repository's and the lifecycle's, as texts

    def tags_of(self, digest: str) -> list[str]:
        return [tag for tag, tagged in self.tags.items() if tagged == digest]

    def is_fixed(self, tag: str) -> bool:
        """The tag cannot be moved to another image."""
        immutable = self.settings[MUTABILITY[0]].startswith("IMMUTABLE")
        filters = self.settings.get(MUTABILITY[1], ())
        excluded = any(fnmatchcase(tag, each["filter"]) for each in filters)
        return bool(immutable is not excluded)


class Repositories(Part):
    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.by_name: dict[str, Repository] = {}

    def reset(self) -> None:
        self.by_name.clear()

    @operation("CreateRepository")
    def create_repository(self, request: Request) -> Request:
        name = request["repositoryName"]
        if name in self.by_name:
            there = f"already exists in the registry with id '{self.cloud.account}'"
            raise Refusal("RepositoryAlreadyExistsException", f"The repository with name '{name}' {there}")
        settings = {
            **_mutability(request),
            "imageScanningConfiguration": {"scanOnPush": False} | request.get("imageScanningConfiguration", {}),
            "encryptionConfiguration": {"encryptionType": "AES256"} | request.get("encryptionConfiguration", {}),
        }
        new = tags.checked(tags.as_dict(request.get("tags")), invalid="InvalidTagParameterException")
        arn, now = self.cloud.arn("ecr", f"repository/{name}"), self.cloud.clock.now()
        self.by_name[name] = repository = Repository(name, arn, now, settings, new)
        return {"repository": self._describe(repository)}

    @operation("DescribeRepositories")
    def describe_repositories(self, request: Request) -> Request:
        names = request.get("repositoryNames") or sorted(self.by_name)
        found = [self.find({**request, "repositoryName": name}) for name in names]
        return paged([self._describe(each) for each in found], request, "repositories", **PAGES)

    @operation("DeleteRepository")
    def delete_repository(self, request: Request) -> Request:
        repository = self.find(request)
        if repository.images and not request.get("force"):
            subject = f"The repository with name '{repository.name}' in registry with id '{self.cloud.account}'"
            sentence = f"{subject} cannot be deleted because it still contains images"
            raise Refusal("RepositoryNotEmptyException", sentence)
        return {"repository": self._describe(self.by_name.pop(repository.name))}

    @operation("PutImageTagMutability")
    def put_image_tag_mutability(self, request: Request) -> Request:
        repository, settings = self.find(request), _mutability(request)
        kept = {name: value for name, value in repository.settings.items() if name not in MUTABILITY}
        repository.settings = kept | settings
        return {**self.identity(repository), **settings}

    @operation("PutImageScanningConfiguration")
    def put_image_scanning_configuration(self, request: Request) -> Request:
        repository = self.find(request)
        scanning = {"scanOnPush": False} | request["imageScanningConfiguration"]
        repository.settings["imageScanningConfiguration"] = scanning
        return {**self.identity(repository), "imageScanningConfiguration": scanning}

    def find(self, request: Mapping[str, Any]) -> Repository:
        """By ``repositoryName`` and, where it is given, ``registryId``."""
        name, registry = request["repositoryName"], request.get("registryId") or self.cloud.account
        if name not in self.by_name or registry != self.cloud.account:
            there = f"does not exist in the registry with id '{registry}'"
            raise Refusal("RepositoryNotFoundException", f"The repository with name '{name}' {there}")
        return self.by_name[name]

    def resource_tags(self, arn: str) -> dict[str, str]:
        return self.find({"repositoryName": arn.partition(":repository/")[2]}).resource_tags

    def identity(self, repository: Repository) -> Request:
        return {"registryId": self.cloud.account, "repositoryName": repository.name}

    def _describe(self, repository: Repository) -> Request:
        return {
            "repositoryName": repository.name,
            "repositoryArn": repository.arn,
            "registryId": self.cloud.account,
            "repositoryUri": f"{registry_host(self.cloud)}/{repository.name}",
            "createdAt": repository.created,
            **repository.settings,
        }


def _mutability(request: Request) -> Request:
    value, filters = request.get(MUTABILITY[0], "MUTABLE"), request.get(MUTABILITY[1])
    if value.endswith(WITH_EXCLUSION) is not bool(filters):
        needed = "can't be null" if not filters else "must be null"
        sentence = f"Invalid parameter at '{MUTABILITY[1]}' failed to satisfy constraint: '{MUTABILITY[1]} {needed} "
        raise Refusal("InvalidParameterException", f"{sentence}when {MUTABILITY[0]} is set as {value}'")
    return {MUTABILITY[0]: value, **({MUTABILITY[1]: filters} if filters else {})}
