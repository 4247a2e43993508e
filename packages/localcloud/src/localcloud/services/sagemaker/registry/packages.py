"""A model package as it is remembered, and how AWS tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Request = dict[str, Any]
EVENT = "SageMaker Model Package State Change"
UNTOLD = ("ModelPackageName", "ModelPackageGroupName", "ClientToken", "Tags")  # of the creation's request
SUMMARY = (
    "ModelPackageGroupName",
    "ModelPackageVersion",
    "ModelPackageDescription",
    "CreationTime",
    "ModelPackageStatus",
    "ModelApprovalStatus",
    "ModelLifeCycle",
    "ModelPackageRegistrationType",
)
MOST_PROPERTIES, MOST_SPECIFICATIONS = 50, 15


@dataclass
class Group:
    name: str
    arn: str
    created: datetime
    told: Request  # description and managed configuration
    last_version: int = 0  # never given twice, even when that version is deleted

    def summary(self) -> Request:
        return {
            "ModelPackageGroupName": self.name,
            "ModelPackageGroupArn": self.arn,
            **self.told,
            "CreationTime": self.created,
            "ModelPackageGroupStatus": "Completed",
        }

    def description(self) -> Request:
        return {**self.summary(), "CreatedBy": {}}


@dataclass
class Package:
    arn: str
    name: str  # a versioned one has its group's
    created: datetime
    told: Request  # as it was given, and changed since
    group: str = ""
    version: int = 0
    modified: datetime | None = None

    def description(self) -> Request:
        return {"ModelPackageName": self.name, **self._told(), "CreatedBy": {}}

    def summary(self) -> Request:
        told = self._told()
        name = {} if self.group else {"ModelPackageName": self.name}
        return {"ModelPackageArn": self.arn, **name, **{key: told[key] for key in SUMMARY if key in told}}

    def detail(self, updated: list[str]) -> Request:
        """Of its state-change event: ``updated`` names what changed; nothing changed when it was created."""
        changed = {"UpdatedModelPackageFields": updated} if updated else {}
        name = {} if self.group else {"ModelPackageName": self.name}
        detail: Request = _in_iso({**name, **self._told(), **changed})
        return detail

    def change(self, request: Mapping[str, Any]) -> list[str]:
        """Only what the request names, and says differently, changes; returns the names of what did."""
        before = dict(self.told)
        for name in CHANGEABLE:
            if name in request:
                self.told[name] = request[name]
        kept = {
            key: value
            for key, value in before.get("CustomerMetadataProperties", {}).items()
            if key not in request.get("CustomerMetadataPropertiesToRemove", ())
        }
        self._set("CustomerMetadataProperties", kept | request.get("CustomerMetadataProperties", {}))
        added = request.get("AdditionalInferenceSpecificationsToAdd", [])
        self._set("AdditionalInferenceSpecifications", before.get("AdditionalInferenceSpecifications", []) + added)
        changed = [name for name in {**before, **self.told} if before.get(name) != self.told.get(name)]
        return [EVENT_NAMES.get(name, name) for name in changed]

    def _set(self, name: str, value: Any) -> None:
        if value:
            self.told[name] = value
        else:
            self.told.pop(name, None)

    def _told(self) -> Request:
        numbered = {"ModelPackageGroupName": self.group, "ModelPackageVersion": self.version} if self.group else {}
        times = {"LastModifiedTime": self.modified} if self.modified else {}
        return {
            **numbered,
            "ModelPackageArn": self.arn,
            "CreationTime": self.created,
            **self.told,
            "ModelPackageStatus": "Completed",
            "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
            **times,
        }


CHANGEABLE = (
    "ModelApprovalStatus",
    "ApprovalDescription",
    "ModelPackageRegistrationType",
    "InferenceSpecification",
    "SourceUri",
    "ModelCard",
    "ModelLifeCycle",
)
EVENT_NAMES = {"SourceUri": "sourceUri"}  # AWS writes it so


def _in_iso(value: Any) -> Any:
    match value:
        case datetime():
            return value.strftime("%Y-%m-%dT%H:%M:%SZ")
        case dict():
            return {name: _in_iso(item) for name, item in value.items()}
        case list():
            return [_in_iso(item) for item in value]
        case _:
            return value
