"""The model registry: groups of model packages, their versions, approval, and the event of every change.

A change that changes nothing is no change: it is answered, and neither announced nor dated. Lists are in AWS's
documented default order: oldest first. Not reproduced: validation profiles and image scans (a package is Completed at
once), marketplace, model cards as resources of their own, group policies and sharing, digests of images and models.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.service import operation
from localcloud.services.sagemaker.part import Part
from localcloud.services.sagemaker.registry.packages import (
    EVENT,
    MOST_PROPERTIES,
    MOST_SPECIFICATIONS,
    UNTOLD,
    Group,
    Package,
)

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

Request = dict[str, Any]
GROUP_TOLD = ("ModelPackageGroupDescription", "ManagedConfiguration")
Kept = TypeVar("Kept", Group, Package)


class Registry(Part):
    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.groups: dict[str, Group] = {}  # by name
        self.packages: dict[str, Package] = {}  # by ARN, both in the order of their creation

    def reset(self) -> None:
        super().reset()
        self.groups.clear()
        self.packages.clear()

    @operation("CreateModelPackageGroup")
    def create_model_package_group(self, request: Request) -> Request:
        name = request["ModelPackageGroupName"]
        arn = self.cloud.arn("sagemaker", f"model-package-group/{name}")
        if name in self.groups:
            raise _invalid(f"Model Package Group already exists: {arn}")
        told = {key: request[key] for key in GROUP_TOLD if key in request}
        self.groups[name] = Group(name, arn, self.cloud.clock.now(), told)
        self.tag(arn, request.get("Tags"))
        return {"ModelPackageGroupArn": arn}

    @operation("DescribeModelPackageGroup")
    def describe_model_package_group(self, request: Request) -> Request:
        return self.find_group(request["ModelPackageGroupName"]).description()

    @operation("ListModelPackageGroups")
    def list_model_package_groups(self, request: Request) -> Request:
        if request.get("CrossAccountFilterOption") == "CrossAccount":
            return {"ModelPackageGroupSummaryList": []}
        found = _listed(self.groups.values(), request)
        return paged([group.summary() for group in found], request, "ModelPackageGroupSummaryList")

    @operation("DeleteModelPackageGroup")
    def delete_model_package_group(self, request: Request) -> None:
        group = self.find_group(request["ModelPackageGroupName"])
        if left := sum(package.group == group.name for package in self.packages.values()):
            sentence = f"Model Package Group {group.arn} still contains {left} model packages: delete them first."
            raise Refusal("ConflictException", sentence)
        del self.groups[group.name]
        self.forget_tags(group.arn)

    @operation("CreateModelPackage")
    def create_model_package(self, request: Request) -> Request:
        return self._once("CreateModelPackage", request, self._create)

    @operation("DescribeModelPackage")
    def describe_model_package(self, request: Request) -> Request:
        description = copy.deepcopy(self.find_package(request["ModelPackageName"]).description())
        if request.get("IncludedData") == "MetadataOnly":
            description.pop("ModelCard", None)
        return description

    @operation("ListModelPackages")
    def list_model_packages(self, request: Request) -> Request:
        wanted = request.get("ModelApprovalStatus")
        found = [
            package
            for package in _listed(self._of_type(request), request)
            if wanted in (None, package.told.get("ModelApprovalStatus"))
        ]
        return paged([package.summary() for package in found], request, "ModelPackageSummaryList")

    @operation("UpdateModelPackage")
    def update_model_package(self, request: Request) -> Request:
        return self._once("UpdateModelPackage", request, self._update)

    @operation("DeleteModelPackage")
    def delete_model_package(self, request: Request) -> None:
        package = self.find_package(request["ModelPackageName"])
        del self.packages[package.arn]
        self.forget_tags(package.arn)

    def find_group(self, name_or_arn: str) -> Group:
        name = name_or_arn.rsplit("/", 1)[-1]
        group = self.groups.get(name)
        if group is None or (":" in name_or_arn and group.arn != name_or_arn):
            arn = name_or_arn if ":" in name_or_arn else self.cloud.arn("sagemaker", f"model-package-group/{name}")
            raise _invalid(f"ModelPackageGroup {arn} does not exist.")
        return group

    def find_package(self, name_or_arn: str) -> Package:
        """By ARN, by name, or by group/version."""
        arn = name_or_arn if ":" in name_or_arn else self.cloud.arn("sagemaker", f"model-package/{name_or_arn}")
        if arn not in self.packages:
            raise _invalid(f"ModelPackage {arn} does not exist.")
        return self.packages[arn]

    def _once(self, operation: str, request: Request, do: Any) -> Request:
        """botocore sends a token with every such call: the same again is the same call, repeated."""
        if "ClientToken" not in request:
            answer: Request = do(request)
            return answer
        told = {**request, "ClientRequestToken": request["ClientToken"]}
        return self.tokens.answer(operation, told) or self.tokens.remember(operation, told, do(request))

    def _create(self, request: Request) -> Request:
        name, group_name = request.get("ModelPackageName"), request.get("ModelPackageGroupName")
        if name and group_name:
            both = "Both ModelPackageName and ModelPackageGroupName are provided in the input."
            raise _invalid(f"{both} Cannot determine which one to use.")
        if not name and not group_name:
            raise _invalid("Missing ARN.")
        package = self._versioned(group_name, request) if group_name else self._unversioned(str(name), request)
        self.packages[package.arn] = package
        self.tag(package.arn, request.get("Tags"))
        self._announce(package, [])
        return {"ModelPackageArn": package.arn}

    def _versioned(self, group_name: str, request: Request) -> Package:
        group = self.groups.get(group_name.rsplit("/", 1)[-1])
        if group is None or group_name not in (group.name, group.arn):
            raise _invalid("Model Package Group does not exist.")
        if request.get("Tags"):
            raise _invalid("Tags cannot be given for a version of a model package group: it has those of its group.")
        if request.get("CertifyForMarketplace"):
            raise _invalid("CertifyForMarketplace does not apply to versioned model packages.")
        group.last_version += 1
        told = {"ModelApprovalStatus": "PendingManualApproval", "CertifyForMarketplace": False, **_told(request)}
        arn = self.cloud.arn("sagemaker", f"model-package/{group.name}/{group.last_version}")
        return Package(arn, group.name, self.cloud.clock.now(), told, group.name, group.last_version)

    def _unversioned(self, name: str, request: Request) -> Package:
        arn = self.cloud.arn("sagemaker", f"model-package/{name}")
        if arn in self.packages:
            raise _invalid(f"ModelPackage already exists: {arn}")
        if "ModelApprovalStatus" in request:
            raise _invalid("ModelApprovalStatus does not apply to unversioned model packages.")
        told = {"CertifyForMarketplace": False, **_told(request)}
        return Package(arn, name, self.cloud.clock.now(), told)

    def _update(self, request: Request) -> Request:
        package = self.find_package(request["ModelPackageArn"])
        if not package.group:
            raise _invalid(f"ModelPackage {package.arn} is not versioned: only versions of a group can be updated.")
        new = Package(package.arn, package.name, package.created, copy.deepcopy(package.told))
        updated = new.change(copy.deepcopy(request))
        if len(new.told.get("CustomerMetadataProperties", {})) > MOST_PROPERTIES:
            raise _invalid(f"A model package has at most {MOST_PROPERTIES} CustomerMetadataProperties.")
        if len(new.told.get("AdditionalInferenceSpecifications", [])) > MOST_SPECIFICATIONS:
            raise _invalid(f"A model package has at most {MOST_SPECIFICATIONS} AdditionalInferenceSpecifications.")
        if updated:
            package.told, package.modified = new.told, self.cloud.clock.now()
            self._announce(package, updated)
        return {"ModelPackageArn": package.arn}

    def _announce(self, package: Package, updated: list[str]) -> None:
        self.cloud.emit("aws.sagemaker", EVENT, package.detail(updated), [package.arn])

    def _of_type(self, request: Request) -> list[Package]:
        """Of a group; else the unversioned ones, unless others are asked for."""
        packages = list(self.packages.values())
        if "ModelPackageGroupName" in request:
            group = self.find_group(request["ModelPackageGroupName"])
            return [package for package in packages if package.group == group.name]
        wanted = request.get("ModelPackageType", "Unversioned")
        return [p for p in packages if wanted == "Both" or bool(p.group) == (wanted == "Versioned")]


def _listed(items: Iterable[Kept], request: Request) -> list[Kept]:
    found = [item for item in items if request.get("NameContains", "") in item.name and _between(item.created, request)]
    if request.get("SortBy") == "Name":
        found.sort(key=lambda item: (item.name, getattr(item, "version", 0)))
    return found[::-1] if request.get("SortOrder") == "Descending" else found


def _between(created: datetime, request: Request) -> bool:
    after, before = request.get("CreationTimeAfter"), request.get("CreationTimeBefore")
    return not (after and created <= after) and not (before and created >= before)


def _told(request: Request) -> Request:
    return {name: copy.deepcopy(value) for name, value in request.items() if name not in UNTOLD}


def _invalid(sentence: str) -> Refusal:
    return Refusal("ValidationException", sentence)
