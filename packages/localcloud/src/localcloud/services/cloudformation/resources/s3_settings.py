"""Settings of a bucket, each with the operations that put and remove it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from localcloud.services.cloudformation.resource_requests import omit
from localcloud.services.cloudformation.resources.resource_type import Context

Put = Callable[[Context, str, Any], Any]
Remove = Callable[[Context, str], Any]
TARGET_MEMBERS = {"Topic": "TopicArn", "Queue": "QueueArn", "Function": "LambdaFunctionArn"}


def _setting(
    operation: str, key: str, remove_operation: str = "", render: Callable[[Any], Any] = lambda value: value
) -> tuple[Put, Remove]:
    def put(context: Context, bucket: str, value: Any) -> None:
        context.call("s3", operation, {key: render(value)}, Bucket=bucket)

    def remove_setting(context: Context, bucket: str) -> None:
        if remove_operation:
            context.call("s3", remove_operation, Bucket=bucket)
        else:
            context.call("s3", operation, {key: {}}, Bucket=bucket)

    return put, remove_setting


def _encryption(value: Mapping[str, Any]) -> dict[str, Any]:
    rules = value["ServerSideEncryptionConfiguration"]
    name = "ServerSideEncryptionByDefault"
    return {"Rules": [omit(rule, name) | {f"Apply{name}": rule[name]} for rule in rules if name in rule]}


def _logging(value: Mapping[str, Any]) -> dict[str, Any]:
    if not value:
        return {}
    target = {"TargetBucket": value["DestinationBucketName"], "TargetPrefix": value.get("LogFilePrefix", "")}
    return {"LoggingEnabled": target}


def _notifications(value: Mapping[str, Any]) -> dict[str, Any]:
    configuration: dict[str, Any] = {}
    bridge = value.get("EventBridgeConfiguration")
    if bridge is not None and bridge.get("EventBridgeEnabled", True):
        configuration["EventBridgeConfiguration"] = {}
    for name, key in (("Topic", "Topic"), ("Queue", "Queue"), ("Lambda", "Function")):
        if entries := value.get(f"{name}Configurations"):
            member = "LambdaFunction" if key == "Function" else name
            configuration[f"{member}Configurations"] = [_notification(entry, key) for entry in entries]
    return configuration


def _notification(entry: Mapping[str, Any], key: str) -> dict[str, Any]:
    rules = entry.get("Filter", {}).get("S3Key", {}).get("Rules")
    filters = {"Filter": {"Key": {"FilterRules": rules}}} if rules else {}
    return {TARGET_MEMBERS[key]: entry[key], "Events": [entry["Event"]], **filters}


def _lifecycle(value: Mapping[str, Any]) -> dict[str, Any]:
    return {"Rules": [_rule(rule) for rule in value["Rules"]]}


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {"Status": rule["Status"], "Filter": _filter(rule)}
    result |= {"ID": rule["Id"]} if "Id" in rule else {}
    result |= {
        name: rule[name] for name in ("AbortIncompleteMultipartUpload", "NoncurrentVersionExpiration") if name in rule
    }
    expiration = {
        "ExpirationInDays": "Days",
        "ExpirationDate": "Date",
        "ExpiredObjectDeleteMarker": "ExpiredObjectDeleteMarker",
    }
    if members := {member: rule[key] for key, member in expiration.items() if key in rule}:
        result["Expiration"] = members
    if "NoncurrentVersionExpirationInDays" in rule:
        result["NoncurrentVersionExpiration"] = {"NoncurrentDays": rule["NoncurrentVersionExpirationInDays"]}
    for name, days in (("Transition", "Days"), ("NoncurrentVersionTransition", "NoncurrentDays")):
        entries = rule.get(f"{name}s", [rule[name]] if name in rule else [])
        if entries:
            renamed = {"TransitionInDays": days, "TransitionDate": "Date"}
            result[f"{name}s"] = [{renamed.get(key, key): item for key, item in entry.items()} for entry in entries]
    return result


def _filter(rule: Mapping[str, Any]) -> dict[str, Any]:
    members = {name: rule[name] for name in ("Prefix", "ObjectSizeGreaterThan", "ObjectSizeLessThan") if name in rule}
    tags = rule.get("TagFilters", [])
    if len(members) + len(tags) > 1:
        return {"And": members | ({"Tags": tags} if tags else {})}
    return {"Tag": tags[0]} if tags else members or {"Prefix": ""}


def _cors(value: Mapping[str, Any]) -> dict[str, Any]:
    names = {"AllowedHeaders", "AllowedMethods", "AllowedOrigins"}
    renamed = {"Id": "ID", "MaxAge": "MaxAgeSeconds", "ExposedHeaders": "ExposeHeaders"}
    rules = value["CorsRules"]
    return {
        "CORSRules": [{key if key in names else renamed.get(key, key): rule[key] for key in rule} for rule in rules]
    }


def _suspend_versioning(context: Context, bucket: str) -> None:
    context.call("s3", "PutBucketVersioning", Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})


_versioning = _setting("PutBucketVersioning", "VersioningConfiguration")
SETTINGS: dict[str, tuple[Put, Remove]] = {
    "OwnershipControls": _setting("PutBucketOwnershipControls", "OwnershipControls", "DeleteBucketOwnershipControls"),
    "PublicAccessBlockConfiguration": _setting(
        "PutPublicAccessBlock", "PublicAccessBlockConfiguration", "DeletePublicAccessBlock"
    ),
    "VersioningConfiguration": (_versioning[0], _suspend_versioning),
    "BucketEncryption": _setting(
        "PutBucketEncryption", "ServerSideEncryptionConfiguration", "DeleteBucketEncryption", _encryption
    ),
    "LoggingConfiguration": _setting("PutBucketLogging", "BucketLoggingStatus", render=_logging),
    "NotificationConfiguration": _setting(
        "PutBucketNotificationConfiguration", "NotificationConfiguration", render=_notifications
    ),
    "LifecycleConfiguration": _setting(
        "PutBucketLifecycleConfiguration", "LifecycleConfiguration", "DeleteBucketLifecycle", _lifecycle
    ),
    "CorsConfiguration": _setting("PutBucketCors", "CORSConfiguration", "DeleteBucketCors", _cors),
}
