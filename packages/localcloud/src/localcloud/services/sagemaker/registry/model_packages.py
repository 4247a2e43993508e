"""Model packages: versions of groups or on their own, approval, and the event of every change.

An update that changes nothing neither emits an event nor sets a date. Not reproduced: validation profiles and image
scans (a package is Completed at once), marketplace, model cards as resources of their own, digests of images and
models.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from localcloud.core.paging import paged
from localcloud.core.service import Part, operation
from localcloud.core.tokens import Tokens
from localcloud.services.sagemaker.refusals import invalid
from localcloud.services.sagemaker.registry.listing import select
from localcloud.services.sagemaker.registry.model_package_groups import ModelPackageGroups
from localcloud.services.sagemaker.registry.records import Package
from localcloud.services.sagemaker.tags import Tags

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

Request = dict[str, Any]
EVENT = "SageMaker Model Package State Change"
NOT_DESCRIBED = ("ModelPackageName", "ModelPackageGroupName", "ClientToken", "Tags")  # of the creation's request
LIMITS = {"CustomerMetadataProperties": 50, "AdditionalInferenceSpecifications": 15}


class ModelPackages(Part):
    def __init__(self, cloud: Cloud, tags: Tags, groups: ModelPackageGroups) -> None:
        self.cloud, self._tags, self._groups = cloud, tags, groups
        self._packages: dict[str, Package] = {}  # by ARN, in the order of their creation
        self._tokens = Tokens(cloud.clock, member="ClientToken")  # botocore sends one with every call

    def reset(self) -> None:
        self._packages.clear()
        self._tokens.reset()

    @operation("CreateModelPackage")
    def create_model_package(self, request: Request) -> Request:
        return self._tokens.once("CreateModelPackage", request, self._create)

    @operation("DescribeModelPackage")
    def describe_model_package(self, request: Request) -> Request:
        description = copy.deepcopy(self.find(request["ModelPackageName"]).description())
        if request.get("IncludedData") == "MetadataOnly":
            description.pop("ModelCard", None)
        return description

    @operation("ListModelPackages")
    def list_model_packages(self, request: Request) -> Request:
        status = request.get("ModelApprovalStatus")
        packages = [
            package
            for package in select(self._of_type(request), request)
            if status in (None, package.members.get("ModelApprovalStatus"))
        ]
        return paged([package.summary() for package in packages], request, "ModelPackageSummaryList")

    @operation("UpdateModelPackage")
    def update_model_package(self, request: Request) -> Request:
        return self._tokens.once("UpdateModelPackage", request, self._update)

    @operation("DeleteModelPackage")
    def delete_model_package(self, request: Request) -> None:
        package = self.find(request["ModelPackageName"])
        del self._packages[package.arn]
        if package.group:
            self._groups.find(package.group).packages.discard(package.arn)
        self._tags.delete(package.arn)

    def find(self, name_or_arn: str) -> Package:
        """By ARN, by name, or by group/version."""
        arn = name_or_arn if ":" in name_or_arn else self._arn(name_or_arn)
        if arn not in self._packages:
            raise invalid(f"ModelPackage {arn} does not exist.")
        return self._packages[arn]

    def _create(self, request: Request) -> Request:
        name, group_name = request.get("ModelPackageName"), request.get("ModelPackageGroupName")
        if name and group_name:
            both = "Both ModelPackageName and ModelPackageGroupName are provided in the input."
            raise invalid(f"{both} Cannot determine which one to use.")
        if not name and not group_name:
            raise invalid("Missing ARN.")
        package = self._version(group_name, request) if group_name else self._unversioned(str(name), request)
        self._packages[package.arn] = package
        self._tags.put(package.arn, request.get("Tags"))
        self._emit(package, [])
        return {"ModelPackageArn": package.arn}

    def _version(self, group_name: str, request: Request) -> Package:
        group = self._groups.get(group_name)
        if group is None:
            raise invalid("Model Package Group does not exist.")
        if request.get("Tags"):
            raise invalid("Tags cannot be given for a version of a model package group: it has those of its group.")
        if request.get("CertifyForMarketplace"):
            raise invalid("CertifyForMarketplace does not apply to versioned model packages.")
        group.last_version += 1
        arn = self._arn(f"{group.name}/{group.last_version}")
        group.packages.add(arn)
        members = {"ModelApprovalStatus": "PendingManualApproval", "CertifyForMarketplace": False, **_members(request)}
        return Package(arn, group.name, self.cloud.clock.now(), members, group.name, group.last_version)

    def _unversioned(self, name: str, request: Request) -> Package:
        arn = self._arn(name)
        if arn in self._packages:
            raise invalid(f"ModelPackage already exists: {arn}")
        if "ModelApprovalStatus" in request:
            raise invalid("ModelApprovalStatus does not apply to unversioned model packages.")
        return Package(arn, name, self.cloud.clock.now(), {"CertifyForMarketplace": False, **_members(request)})

    def _update(self, request: Request) -> Request:
        package = self.find(request["ModelPackageArn"])
        if not package.group:
            raise invalid(f"ModelPackage {package.arn} is not versioned: only versions of a group can be updated.")
        changed = Package(package.arn, package.name, package.created, copy.deepcopy(package.members))
        updated = changed.change(copy.deepcopy(request))
        for name, limit in LIMITS.items():
            if len(changed.members.get(name, ())) > limit:
                raise invalid(f"A model package has at most {limit} {name}.")
        if updated:
            package.members, package.modified = changed.members, self.cloud.clock.now()
            self._emit(package, updated)
        return {"ModelPackageArn": package.arn}

    def _emit(self, package: Package, updated: list[str]) -> None:
        self.cloud.emit("aws.sagemaker", EVENT, package.event_detail(updated), [package.arn])

    def _of_type(self, request: Request) -> list[Package]:
        """Those of a group; else, by default, the unversioned ones."""
        packages = list(self._packages.values())
        if "ModelPackageGroupName" in request:
            group = self._groups.find(request["ModelPackageGroupName"])
            return [package for package in packages if package.group == group.name]
        kind = request.get("ModelPackageType", "Unversioned")
        return [package for package in packages if kind == "Both" or bool(package.group) == (kind == "Versioned")]

    def _arn(self, name: str) -> str:
        return self.cloud.arn("sagemaker", f"model-package/{name}")


def _members(request: Request) -> Request:
    return {name: copy.deepcopy(value) for name, value in request.items() if name not in NOT_DESCRIBED}
