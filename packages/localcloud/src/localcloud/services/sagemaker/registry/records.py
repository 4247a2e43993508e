"""Model package groups and model packages as records, and AWS's descriptions of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from localcloud.services.sagemaker.event_times import in_iso

Members = dict[str, Any]
SUMMARY = (
    "ModelPackageName",
    "ModelPackageGroupName",
    "ModelPackageVersion",
    "ModelPackageDescription",
    "CreationTime",
    "ModelPackageStatus",
    "ModelApprovalStatus",
    "ModelLifeCycle",
    "ModelPackageRegistrationType",
)
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


@dataclass
class Group:
    name: str
    arn: str
    created: datetime
    members: Members  # description and managed configuration
    last_version: int = 0  # never reused, even when that version is deleted
    packages: set[str] = field(default_factory=set)  # ARNs

    def summary(self) -> Members:
        return {
            "ModelPackageGroupName": self.name,
            "ModelPackageGroupArn": self.arn,
            **self.members,
            "CreationTime": self.created,
            "ModelPackageGroupStatus": "Completed",
        }

    def description(self) -> Members:
        return {**self.summary(), "CreatedBy": {}}


@dataclass
class Package:
    arn: str
    name: str  # a version has its group's
    created: datetime
    members: Members  # of the request, with later changes
    group: str = ""
    version: int = 0
    modified: datetime | None = None

    def description(self) -> Members:
        return {**self._common(), "CreatedBy": {}}

    def summary(self) -> Members:
        common = self._common()
        return {"ModelPackageArn": self.arn, **{key: common[key] for key in SUMMARY if key in common}}

    def event_detail(self, updated: list[str]) -> Members:
        """``updated`` names the changed members; it is empty for a new package."""
        changes = {"UpdatedModelPackageFields": updated} if updated else {}
        detail: Members = in_iso({**self._common(), **changes})
        return detail

    def change(self, request: Mapping[str, Any]) -> list[str]:
        """Sets what the request names; returns the names of the members that are different afterwards."""
        before = dict(self.members)
        for name in CHANGEABLE:
            if name in request:
                self.members[name] = request[name]
        properties = {
            key: value
            for key, value in before.get("CustomerMetadataProperties", {}).items()
            if key not in request.get("CustomerMetadataPropertiesToRemove", ())
        }
        self._set("CustomerMetadataProperties", properties | request.get("CustomerMetadataProperties", {}))
        additional = request.get("AdditionalInferenceSpecificationsToAdd", [])
        self._set("AdditionalInferenceSpecifications", before.get("AdditionalInferenceSpecifications", []) + additional)
        changed = [name for name in {**before, **self.members} if before.get(name) != self.members.get(name)]
        return [EVENT_NAMES.get(name, name) for name in changed]

    def _set(self, name: str, value: Any) -> None:
        if value:
            self.members[name] = value
        else:
            self.members.pop(name, None)

    def _common(self) -> Members:
        version = {"ModelPackageGroupName": self.group, "ModelPackageVersion": self.version}
        times = {"LastModifiedTime": self.modified} if self.modified else {}
        return {
            **(version if self.group else {"ModelPackageName": self.name}),
            "ModelPackageArn": self.arn,
            "CreationTime": self.created,
            **self.members,
            "ModelPackageStatus": "Completed",
            "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
            **times,
        }
