"""AWS::ECR::Repository."""

from __future__ import annotations

from typing import Any

from localcloud.services.cloudformation.resources.resource_type import (
    Context,
    Properties,
    ResourceType,
    Tagging,
    names,
    pick,
)

TAGS = Tagging("ecr", "TagResource", "UntagResource", "ResourceArn")
CREATE_MEMBERS = (
    "ImageTagMutability ImageTagMutabilityExclusionFilters ImageScanningConfiguration EncryptionConfiguration Tags"
)


class Repository(ResourceType):
    type = "AWS::ECR::Repository"
    properties = names(f"{CREATE_MEMBERS} RepositoryName LifecyclePolicy RepositoryPolicyText EmptyOnDelete")
    attributes = names("Arn RepositoryUri")

    def create(self, context: Context, properties: Properties) -> str:
        name = properties.get("RepositoryName") or context.generate_name(256).lower()
        context.call("ecr", "CreateRepository", pick(properties, CREATE_MEMBERS), RepositoryName=name)
        context.physical_id = name
        self._update_policies(context, name, properties, {})
        return str(name)

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        mutable = "ImageTagMutability ImageTagMutabilityExclusionFilters"
        if pick(properties, mutable) != pick(before, mutable):
            request = {"ImageTagMutability": "MUTABLE"} | pick(properties, mutable)
            context.call("ecr", "PutImageTagMutability", request, RepositoryName=physical_id)
        scanning = properties.get("ImageScanningConfiguration", {})
        if scanning != before.get("ImageScanningConfiguration", {}):
            request = {"ImageScanningConfiguration": scanning}
            context.call("ecr", "PutImageScanningConfiguration", request, RepositoryName=physical_id)
        self._update_policies(context, physical_id, properties, before)
        arn = context.cloud.arn("ecr", f"repository/{physical_id}")
        TAGS.update(context, arn, properties.get("Tags"), before.get("Tags"))

    def _update_policies(self, context: Context, name: str, properties: Properties, before: Properties) -> None:
        lifecycle = properties.get("LifecyclePolicy", {}).get("LifecyclePolicyText")
        old_lifecycle = before.get("LifecyclePolicy", {}).get("LifecyclePolicyText")
        if lifecycle and lifecycle != old_lifecycle:
            context.call("ecr", "PutLifecyclePolicy", RepositoryName=name, LifecyclePolicyText=lifecycle)
        elif old_lifecycle and not lifecycle:
            context.call("ecr", "DeleteLifecyclePolicy", RepositoryName=name)
        policy, old_policy = properties.get("RepositoryPolicyText"), before.get("RepositoryPolicyText")
        if policy and policy != old_policy:
            context.call("ecr", "SetRepositoryPolicy", RepositoryName=name, PolicyText=policy)
        elif old_policy and not policy:
            context.call("ecr", "DeleteRepositoryPolicy", RepositoryName=name)

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        force = properties.get("EmptyOnDelete", False)
        context.call("ecr", "DeleteRepository", RepositoryName=physical_id, Force=force)

    def read_attributes(self, context: Context, physical_id: str, properties: Properties) -> dict[str, Any]:
        repository = context.call("ecr", "DescribeRepositories", RepositoryNames=[physical_id])["repositories"][0]
        return {"Arn": repository["repositoryArn"], "RepositoryUri": repository["repositoryUri"]}


RESOURCE_TYPES: list[ResourceType] = [Repository()]
