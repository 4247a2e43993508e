"""AWS::S3::Bucket and AWS::S3::BucketPolicy."""

from __future__ import annotations

from typing import Any

from localcloud.services.cloudformation.resource_requests import parse_tags
from localcloud.services.cloudformation.resources.resource_type import (
    SEEDED,
    Context,
    HandlerError,
    Properties,
    ResourceType,
    names,
)
from localcloud.services.cloudformation.resources.s3_settings import SETTINGS


class Bucket(ResourceType):
    """Takes over a bucket of the seed file; a rollback returns it."""

    type = "AWS::S3::Bucket"
    properties = names("BucketName ObjectLockEnabled Tags") | frozenset(SETTINGS)
    attributes = names("Arn DomainName RegionalDomainName DualStackDomainName")

    def create(self, context: Context, properties: Properties) -> str:
        name: str = properties.get("BucketName") or context.generate_name(63).lower()
        if context.exists("s3", "HeadBucket", Bucket=name):
            if not _seeded(context, name):
                raise HandlerError(f"{name} already exists")
            context.notes["seeded"] = True
        else:
            _create_bucket(context, name, properties)
        context.physical_id = name
        self.update(context, name, properties, {"Tags": True} if context.notes.get("seeded") else {})
        return name

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        for name, (put, remove) in SETTINGS.items():
            if name in properties and properties[name] != before.get(name):
                put(context, physical_id, properties[name])
            elif name in before and name not in properties:
                remove(context, physical_id)
        if properties.get("Tags") != before.get("Tags"):
            _set_tags(context, physical_id, parse_tags(properties.get("Tags")))

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        context.call("s3", "DeleteBucket", Bucket=physical_id)

    def roll_back(self, context: Context, physical_id: str, properties: Properties) -> None:
        """A bucket of the seed file is not deleted."""
        if context.notes.get("seeded"):
            self.retain_in_rollback(context, physical_id, properties)
        else:
            self.delete(context, physical_id, properties)

    def retain_in_rollback(self, context: Context, physical_id: str, properties: Properties) -> None:
        if context.notes.get("seeded"):
            _set_tags(context, physical_id, dict([SEEDED]))

    def read_attributes(self, context: Context, physical_id: str, properties: Properties) -> dict[str, Any]:
        region = context.cloud.region
        return {
            "Arn": f"arn:aws:s3:::{physical_id}",
            "DomainName": f"{physical_id}.s3.amazonaws.com",
            "RegionalDomainName": f"{physical_id}.s3.{region}.amazonaws.com",
            "DualStackDomainName": f"{physical_id}.s3.dualstack.{region}.amazonaws.com",
        }


class BucketPolicy(ResourceType):
    type = "AWS::S3::BucketPolicy"
    properties = names("Bucket PolicyDocument")

    def create(self, context: Context, properties: Properties) -> str:
        bucket: str = properties["Bucket"]
        self.update(context, bucket, properties, {})
        return bucket

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        context.call("s3", "PutBucketPolicy", Bucket=physical_id, Policy=properties["PolicyDocument"])

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        context.call("s3", "DeleteBucketPolicy", Bucket=physical_id)


def _seeded(context: Context, name: str) -> bool:
    from botocore.exceptions import ClientError

    try:
        tags = context.call("s3", "GetBucketTagging", Bucket=name)["TagSet"]
    except ClientError:
        return False
    return SEEDED in parse_tags(tags).items()


def _create_bucket(context: Context, name: str, properties: Properties) -> None:
    region = context.cloud.region
    location = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    lock = {"ObjectLockEnabledForBucket": True} if properties.get("ObjectLockEnabled") else {}
    context.call("s3", "CreateBucket", location, lock, Bucket=name)


def _set_tags(context: Context, name: str, tags: dict[str, str]) -> None:
    if tags:
        context.call("s3", "PutBucketTagging", Bucket=name, Tagging={"TagSet": tags})
    else:
        context.call("s3", "DeleteBucketTagging", Bucket=name)


RESOURCE_TYPES: list[ResourceType] = [Bucket(), BucketPolicy()]
