"""AWS::SageMaker::ModelPackageGroup and AWS::SageMaker::Pipeline."""

from __future__ import annotations

import uuid
from typing import Any

from localcloud.core.arn import Arn
from localcloud.services.cloudformation.resource_requests import omit
from localcloud.services.cloudformation.resources.resource_type import Context, Properties, ResourceType, Tagging, names

TAGS = Tagging("sagemaker", "AddTags", "DeleteTags", "ResourceArn")


class ModelPackageGroup(ResourceType):
    """Ref is its ARN, as on AWS."""

    type = "AWS::SageMaker::ModelPackageGroup"
    properties = names("ModelPackageGroupName ModelPackageGroupDescription Tags")
    attributes = names("ModelPackageGroupArn ModelPackageGroupStatus CreationTime")

    def create(self, context: Context, properties: Properties) -> str:
        return str(context.call("sagemaker", "CreateModelPackageGroup", properties)["ModelPackageGroupArn"])

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        TAGS.update(context, physical_id, properties.get("Tags"), before.get("Tags"))

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        name = Arn.parse(physical_id).name
        context.call("sagemaker", "DeleteModelPackageGroup", ModelPackageGroupName=name)

    def read_attributes(self, context: Context, physical_id: str, properties: Properties) -> dict[str, Any]:
        name = Arn.parse(physical_id).name
        group = context.call("sagemaker", "DescribeModelPackageGroup", ModelPackageGroupName=name)
        return {
            "ModelPackageGroupArn": physical_id,
            "ModelPackageGroupStatus": group["ModelPackageGroupStatus"],
            "CreationTime": group["CreationTime"].isoformat(),
        }


class Pipeline(ResourceType):
    type = "AWS::SageMaker::Pipeline"
    properties = names(
        "PipelineName PipelineDisplayName PipelineDescription PipelineDefinition RoleArn ParallelismConfiguration Tags"
    )

    def create(self, context: Context, properties: Properties) -> str:
        token = str(uuid.uuid4())
        context.call("sagemaker", "CreatePipeline", _pipeline(properties), ClientRequestToken=token)
        return str(properties["PipelineName"])

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        context.call("sagemaker", "UpdatePipeline", omit(_pipeline(properties), "Tags"))
        arn = context.cloud.arn("sagemaker", f"pipeline/{physical_id}")
        TAGS.update(context, arn, properties.get("Tags"), before.get("Tags"))

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        token = str(uuid.uuid4())
        context.call("sagemaker", "DeletePipeline", PipelineName=physical_id, ClientRequestToken=token)


def _pipeline(properties: Properties) -> dict[str, Any]:
    pipeline, definition = omit(properties, "PipelineDefinition"), properties["PipelineDefinition"]
    if "PipelineDefinitionBody" in definition:
        return pipeline | {"PipelineDefinition": definition["PipelineDefinitionBody"]}
    location = definition["PipelineDefinitionS3Location"]
    renamed = {"Bucket": "Bucket", "Key": "ObjectKey", "Version": "VersionId"}
    renamed_location = {renamed[name]: location[name] for name in renamed if name in location}
    return pipeline | {"PipelineDefinitionS3Location": renamed_location}


RESOURCE_TYPES: list[ResourceType] = [ModelPackageGroup(), Pipeline()]
