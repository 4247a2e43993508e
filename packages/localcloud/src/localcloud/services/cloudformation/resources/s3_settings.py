"""What a bucket can be told, each with its own two operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from localcloud.services.cloudformation.resource_requests import without
from localcloud.services.cloudformation.resources.resource_type import Place

Put = Callable[[Place, str, Any], Any]
Remove = Callable[[Place, str], Any]
KINDS_OF_TARGET = {"Topic": "TopicArn", "Queue": "QueueArn", "Function": "LambdaFunctionArn"}


def _simple(
    operation: str, key: str, remove: str = "", said: Callable[[Any], Any] = lambda value: value
) -> tuple[Put, Remove]:
    def put(place: Place, bucket: str, value: Any) -> None:
        place.call("s3", operation, {key: said(value)}, Bucket=bucket)

    def gone(place: Place, bucket: str) -> None:
        if remove:
            place.call("s3", remove, Bucket=bucket)
        else:
            place.call("s3", operation, {key: {}}, Bucket=bucket)

    return put, gone


def _encryption(value: Mapping[str, Any]) -> dict[str, Any]:
    rules = value["ServerSideEncryptionConfiguration"]
    name = "ServerSideEncryptionByDefault"
    return {"Rules": [without(rule, name) | {f"Apply{name}": rule[name]} for rule in rules if name in rule]}


def _logging(value: Mapping[str, Any]) -> dict[str, Any]:
    told = {"TargetPrefix": value.get("LogFilePrefix", "")}
    return {"LoggingEnabled": told | {"TargetBucket": value["DestinationBucketName"]}} if value else {}


def _notifications(value: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    bridge = value.get("EventBridgeConfiguration")
    if bridge is not None and bridge.get("EventBridgeEnabled", True):
        told["EventBridgeConfiguration"] = {}
    for name, key in (("Topic", "Topic"), ("Queue", "Queue"), ("Lambda", "Function")):
        if entries := value.get(f"{name}Configurations"):
            told[f"{name if key != 'Function' else 'LambdaFunction'}Configurations"] = [
                _sent(entry, key) for entry in entries
            ]
    return told


def _sent(entry: Mapping[str, Any], key: str) -> dict[str, Any]:
    rules = entry.get("Filter", {}).get("S3Key", {}).get("Rules")
    chosen = {"Filter": {"Key": {"FilterRules": rules}}} if rules else {}
    return {KINDS_OF_TARGET[key]: entry[key], "Events": [entry["Event"]], **chosen}


def _lifecycle(value: Mapping[str, Any]) -> dict[str, Any]:
    return {"Rules": [_rule(rule) for rule in value["Rules"]]}


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    told = {"Status": rule["Status"], "Filter": _chosen(rule)} | ({"ID": rule["Id"]} if "Id" in rule else {})
    told |= {
        name: rule[name] for name in ("AbortIncompleteMultipartUpload", "NoncurrentVersionExpiration") if name in rule
    }
    expiration = {
        "ExpirationInDays": "Days",
        "ExpirationDate": "Date",
        "ExpiredObjectDeleteMarker": "ExpiredObjectDeleteMarker",
    }
    if said := {there: rule[here] for here, there in expiration.items() if here in rule}:
        told["Expiration"] = said
    if "NoncurrentVersionExpirationInDays" in rule:
        told["NoncurrentVersionExpiration"] = {"NoncurrentDays": rule["NoncurrentVersionExpirationInDays"]}
    for name, days in (("Transition", "Days"), ("NoncurrentVersionTransition", "NoncurrentDays")):
        entries = rule.get(f"{name}s", [rule[name]] if name in rule else [])
        if entries:
            renamed = {"TransitionInDays": days, "TransitionDate": "Date"}
            told[f"{name}s"] = [{renamed.get(key, key): item for key, item in entry.items()} for entry in entries]
    return told


def _chosen(rule: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: rule[name] for name in ("Prefix", "ObjectSizeGreaterThan", "ObjectSizeLessThan") if name in rule}
    tags = rule.get("TagFilters", [])
    if len(told) + len(tags) > 1:
        return {"And": told | ({"Tags": tags} if tags else {})}
    return {"Tag": tags[0]} if tags else told or {"Prefix": ""}


def _cors(value: Mapping[str, Any]) -> dict[str, Any]:
    names = {"AllowedHeaders", "AllowedMethods", "AllowedOrigins"}
    renamed = {"Id": "ID", "MaxAge": "MaxAgeSeconds", "ExposedHeaders": "ExposeHeaders"}
    rules = value["CorsRules"]
    return {
        "CORSRules": [{key if key in names else renamed.get(key, key): rule[key] for key in rule} for rule in rules]
    }


def _stop_versions(place: Place, bucket: str) -> None:
    place.call("s3", "PutBucketVersioning", Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})


_versioning = _simple("PutBucketVersioning", "VersioningConfiguration")
_notified = "PutBucketNotificationConfiguration"
SETTINGS: dict[str, tuple[Put, Remove]] = {
    "OwnershipControls": _simple("PutBucketOwnershipControls", "OwnershipControls", "DeleteBucketOwnershipControls"),
    "PublicAccessBlockConfiguration": _simple(
        "PutPublicAccessBlock", "PublicAccessBlockConfiguration", "DeletePublicAccessBlock"
    ),
    "VersioningConfiguration": (_versioning[0], _stop_versions),
    "BucketEncryption": _simple(
        "PutBucketEncryption", "ServerSideEncryptionConfiguration", "DeleteBucketEncryption", _encryption
    ),
    "LoggingConfiguration": _simple("PutBucketLogging", "BucketLoggingStatus", said=_logging),
    "NotificationConfiguration": _simple(_notified, "NotificationConfiguration", said=_notifications),
    "LifecycleConfiguration": _simple(
        "PutBucketLifecycleConfiguration", "LifecycleConfiguration", "DeleteBucketLifecycle", _lifecycle
    ),
    "CorsConfiguration": _simple("PutBucketCors", "CORSConfiguration", "DeleteBucketCors", _cors),
}
