"""AWS::SageMaker::ModelPackageGroup and AWS::SageMaker::Pipeline."""

from __future__ import annotations

import uuid
from typing import Any

from localcloud.services.cloudformation.resource_requests import without
from localcloud.services.cloudformation.resources.resource_type import Kind, Place, Properties, Tagging, names

TAGS = Tagging("sagemaker", "AddTags", "DeleteTags", "ResourceArn")


class ModelPackageGroup(Kind):
    """Ref is its ARN, as on AWS."""

    type = "AWS::SageMaker::ModelPackageGroup"
    properties = names("ModelPackageGroupName ModelPackageGroupDescription Tags")
    attributes = names("ModelPackageGroupArn ModelPackageGroupStatus CreationTime")

    def create(self, place: Place, properties: Properties) -> str:
        return str(place.call("sagemaker", "CreateModelPackageGroup", properties)["ModelPackageGroupArn"])

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        TAGS.update(place, physical_id, properties.get("Tags"), before.get("Tags"))

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        name = physical_id.rpartition("/")[2]
        place.call("sagemaker", "DeleteModelPackageGroup", ModelPackageGroupName=name)

    def told(self, place: Place, physical_id: str, properties: Properties) -> dict[str, Any]:
        name = physical_id.rpartition("/")[2]
        found = place.call("sagemaker", "DescribeModelPackageGroup", ModelPackageGroupName=name)
        return {
            "ModelPackageGroupArn": physical_id,
            "ModelPackageGroupStatus": found["ModelPackageGroupStatus"],
            "CreationTime": found["CreationTime"].isoformat(),
        }


class Pipeline(Kind):
    type = "AWS::SageMaker::Pipeline"
    properties = names(
        "PipelineName PipelineDisplayName PipelineDescription PipelineDefinition RoleArn ParallelismConfiguration Tags"
    )

    def create(self, place: Place, properties: Properties) -> str:
        token = str(uuid.uuid4())
        place.call("sagemaker", "CreatePipeline", _defined(properties), ClientRequestToken=token)
        return str(properties["PipelineName"])

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        place.call("sagemaker", "UpdatePipeline", without(_defined(properties), "Tags"))
        arn = place.cloud.arn("sagemaker", f"pipeline/{physical_id}")
        TAGS.update(place, arn, properties.get("Tags"), before.get("Tags"))

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        token = str(uuid.uuid4())
        place.call("sagemaker", "DeletePipeline", PipelineName=physical_id, ClientRequestToken=token)


def _defined(properties: Properties) -> dict[str, Any]:
    told, definition = without(properties, "PipelineDefinition"), properties["PipelineDefinition"]
    if "PipelineDefinitionBody" in definition:
        return told | {"PipelineDefinition": definition["PipelineDefinitionBody"]}
    where = definition["PipelineDefinitionS3Location"]
    renamed = {"Bucket": "Bucket", "Key": "ObjectKey", "Version": "VersionId"}
    place = {renamed[name]: where[name] for name in renamed if name in where}
    return told | {"PipelineDefinitionS3Location": place}


KINDS: list[Kind] = [ModelPackageGroup(), Pipeline()]
