"""Model package groups: create, describe, list, delete. Not reproduced: policies and sharing of groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.service import Part, operation
from localcloud.services.sagemaker.refusals import invalid
from localcloud.services.sagemaker.registry.listing import select
from localcloud.services.sagemaker.registry.records import Group
from localcloud.services.sagemaker.tags import Tags

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

Request = dict[str, Any]
MEMBERS = ("ModelPackageGroupDescription", "ManagedConfiguration")


class ModelPackageGroups(Part):
    def __init__(self, cloud: Cloud, tags: Tags) -> None:
        self.cloud, self._tags = cloud, tags
        self._groups: dict[str, Group] = {}  # by ARN, in the order of their creation

    def reset(self) -> None:
        self._groups.clear()

    @operation("CreateModelPackageGroup")
    def create_model_package_group(self, request: Request) -> Request:
        name = request["ModelPackageGroupName"]
        arn = self._arn(name)
        if arn in self._groups:
            raise invalid(f"Model Package Group already exists: {arn}")
        members = {key: request[key] for key in MEMBERS if key in request}
        self._groups[arn] = Group(name, arn, self.cloud.clock.now(), members)
        self._tags.put(arn, request.get("Tags"))
        return {"ModelPackageGroupArn": arn}

    @operation("DescribeModelPackageGroup")
    def describe_model_package_group(self, request: Request) -> Request:
        return self.find(request["ModelPackageGroupName"]).description()

    @operation("ListModelPackageGroups")
    def list_model_package_groups(self, request: Request) -> Request:
        if request.get("CrossAccountFilterOption") == "CrossAccount":
            return {"ModelPackageGroupSummaryList": []}
        groups = select(self._groups.values(), request)
        return paged([group.summary() for group in groups], request, "ModelPackageGroupSummaryList")

    @operation("DeleteModelPackageGroup")
    def delete_model_package_group(self, request: Request) -> None:
        group = self.find(request["ModelPackageGroupName"])
        if count := len(group.packages):
            message = f"Model Package Group {group.arn} still contains {count} model packages: delete them first."
            raise Refusal("ConflictException", message)
        del self._groups[group.arn]
        self._tags.delete(group.arn)

    def get(self, name_or_arn: str) -> Group | None:
        return self._groups.get(self._arn(name_or_arn))

    def find(self, name_or_arn: str) -> Group:
        if group := self.get(name_or_arn):
            return group
        raise invalid(f"ModelPackageGroup {self._arn(name_or_arn)} does not exist.")

    def _arn(self, name_or_arn: str) -> str:
        is_arn = ":" in name_or_arn
        return name_or_arn if is_arn else self.cloud.arn("sagemaker", f"model-package-group/{name_or_arn}")
