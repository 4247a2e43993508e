"""AWS::ECR::Repository."""

from __future__ import annotations

from typing import Any

from localcloud.services.cloudformation.resources.resource_type import Kind, Place, Properties, Tagging, names, only

TAGS = Tagging("ecr", "TagResource", "UntagResource", "ResourceArn")
BORN = "ImageTagMutability ImageTagMutabilityExclusionFilters ImageScanningConfiguration EncryptionConfiguration Tags"


class Repository(Kind):
    type = "AWS::ECR::Repository"
    properties = names(f"{BORN} RepositoryName LifecyclePolicy RepositoryPolicyText EmptyOnDelete")
    attributes = names("Arn RepositoryUri")

    def create(self, place: Place, properties: Properties) -> str:
        name = properties.get("RepositoryName") or place.name(256).lower()
        place.call("ecr", "CreateRepository", only(properties, BORN), RepositoryName=name)
        place.physical_id = name
        self._policies(place, name, properties, {})
        return str(name)

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        mutable = "ImageTagMutability ImageTagMutabilityExclusionFilters"
        if only(properties, mutable) != only(before, mutable):
            told = {"ImageTagMutability": "MUTABLE"} | only(properties, mutable)
            place.call("ecr", "PutImageTagMutability", told, RepositoryName=physical_id)
        scanning = properties.get("ImageScanningConfiguration", {})
        if scanning != before.get("ImageScanningConfiguration", {}):
            said = {"ImageScanningConfiguration": scanning}
            place.call("ecr", "PutImageScanningConfiguration", said, RepositoryName=physical_id)
        self._policies(place, physical_id, properties, before)
        arn = place.cloud.arn("ecr", f"repository/{physical_id}")
        TAGS.update(place, arn, properties.get("Tags"), before.get("Tags"))

    def _policies(self, place: Place, name: str, properties: Properties, before: Properties) -> None:
        life = properties.get("LifecyclePolicy", {}).get("LifecyclePolicyText")
        was = before.get("LifecyclePolicy", {}).get("LifecyclePolicyText")
        if life and life != was:
            place.call("ecr", "PutLifecyclePolicy", RepositoryName=name, LifecyclePolicyText=life)
        elif was and not life:
            place.call("ecr", "DeleteLifecyclePolicy", RepositoryName=name)
        policy, old = properties.get("RepositoryPolicyText"), before.get("RepositoryPolicyText")
        if policy and policy != old:
            place.call("ecr", "SetRepositoryPolicy", RepositoryName=name, PolicyText=policy)
        elif old and not policy:
            place.call("ecr", "DeleteRepositoryPolicy", RepositoryName=name)

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        force = properties.get("EmptyOnDelete", False)
        place.call("ecr", "DeleteRepository", RepositoryName=physical_id, Force=force)

    def told(self, place: Place, physical_id: str, properties: Properties) -> dict[str, Any]:
        found = place.call("ecr", "DescribeRepositories", RepositoryNames=[physical_id])["repositories"][0]
        return {"Arn": found["repositoryArn"], "RepositoryUri": found["repositoryUri"]}


KINDS: list[Kind] = [Repository()]
