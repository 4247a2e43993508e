"""AWS::S3::Bucket and its policy."""

from __future__ import annotations

from typing import Any

from localcloud.services.cloudformation.resource_requests import as_tags
from localcloud.services.cloudformation.resources.resource_type import FURNISHED, Failed, Kind, Place, Properties, names
from localcloud.services.cloudformation.resources.s3_settings import SETTINGS


class Bucket(Kind):
    """A bucket that ``localcloud up`` furnished, for people who run no stack, is taken over."""

    type = "AWS::S3::Bucket"
    properties = names("BucketName ObjectLockEnabled Tags") | frozenset(SETTINGS)
    attributes = names("Arn DomainName RegionalDomainName DualStackDomainName")

    def create(self, place: Place, properties: Properties) -> str:
        name: str = properties.get("BucketName") or place.name(63).lower()
        if _there(place, name):
            if not _furnished(place, name):
                raise Failed(f"{name} already exists")
            place.notes["furnished"] = True
        else:
            _make(place, name, properties)
        place.physical_id = name
        self.update(place, name, properties, {"Tags": True} if place.notes.get("furnished") else {})
        return name

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        for name, (put, remove) in SETTINGS.items():
            if name in properties and properties[name] != before.get(name):
                put(place, physical_id, properties[name])
            elif name in before and name not in properties:
                remove(place, physical_id)
        if properties.get("Tags") != before.get("Tags"):
            _tag(place, physical_id, as_tags(properties.get("Tags")))

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        place.call("s3", "DeleteBucket", Bucket=physical_id)

    def undo(self, place: Place, physical_id: str, properties: Properties) -> None:
        """What was there before the stack is there after it."""
        if place.notes.get("furnished"):
            self.spared(place, physical_id, properties)
        else:
            self.delete(place, physical_id, properties)

    def spared(self, place: Place, physical_id: str, properties: Properties) -> None:
        if place.notes.get("furnished"):
            _tag(place, physical_id, dict([FURNISHED]))

    def told(self, place: Place, physical_id: str, properties: Properties) -> dict[str, Any]:
        region = place.cloud.region
        return {
            "Arn": f"arn:aws:s3:::{physical_id}",
            "DomainName": f"{physical_id}.s3.amazonaws.com",
            "RegionalDomainName": f"{physical_id}.s3.{region}.amazonaws.com",
            "DualStackDomainName": f"{physical_id}.s3.dualstack.{region}.amazonaws.com",
        }


class BucketPolicy(Kind):
    type = "AWS::S3::BucketPolicy"
    properties = names("Bucket PolicyDocument")

    def create(self, place: Place, properties: Properties) -> str:
        bucket: str = properties["Bucket"]
        self.update(place, bucket, properties, {})
        return bucket

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        place.call("s3", "PutBucketPolicy", Bucket=physical_id, Policy=properties["PolicyDocument"])

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        place.call("s3", "DeleteBucketPolicy", Bucket=physical_id)


def _there(place: Place, name: str) -> bool:
    return name in {bucket["Name"] for bucket in place.call("s3", "ListBuckets")["Buckets"]}


def _furnished(place: Place, name: str) -> bool:
    from botocore.exceptions import ClientError

    try:
        tags = place.call("s3", "GetBucketTagging", Bucket=name)["TagSet"]
    except ClientError:
        return False
    return FURNISHED in as_tags(tags).items()


def _make(place: Place, name: str, properties: Properties) -> None:
    region = place.cloud.region
    where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    lock = {"ObjectLockEnabledForBucket": True} if properties.get("ObjectLockEnabled") else {}
    place.call("s3", "CreateBucket", where, lock, Bucket=name)


def _tag(place: Place, name: str, tags: dict[str, str]) -> None:
    if tags:
        place.call("s3", "PutBucketTagging", Bucket=name, Tagging={"TagSet": tags})
    else:
        place.call("s3", "DeleteBucketTagging", Bucket=name)


KINDS: list[Kind] = [Bucket(), BucketPolicy()]
