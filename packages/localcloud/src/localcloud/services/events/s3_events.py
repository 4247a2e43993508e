"""S3's "Object Created" and "Object Deleted", of moto's buckets that have EventBridge notifications enabled.

moto calls its own EventBridge, which localcloud replaces, reports no delete markers, and leaves the configuration of
EventBridge out of a bucket's notifications: so functions of moto's S3 are wrapped when it is imported, which takes most
of a second and is left to its first user. They run with moto's lock of S3 held, so the event is emitted on another
thread.

Not reproduced: the events of tags, ACLs, restores and storage classes; lifecycle rules, which moto never applies.
"""

from __future__ import annotations

import importlib
import itertools
import sys
import time
import uuid
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from typing import Any
from xml.etree import ElementTree

from localcloud.core.service import Part

Work = Callable[..., None]
MODELS, RESPONSES = "moto.s3.models", "moto.s3.responses"
REASONS = {
    "s3:ObjectCreated:Put": "PutObject",
    "s3:ObjectCreated:Post": "POST Object",
    "s3:ObjectCreated:Copy": "CopyObject",
    "s3:ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
}
SINGLE_WRITES = {"PutObject", "POST Object"}
_listener: S3Events | None = None  # moto's state is one per process, as are the wrapped functions
_sequence = itertools.count(time.time_ns())  # later events of a key have larger numbers


class S3Events(Part):
    def __init__(self, emit: Callable[..., None], work: Work, account: str) -> None:
        self._emit, self._work, self._account = emit, work, account

    def start(self) -> None:
        """Only one at a time is notified: the last one that was started."""
        global _listener
        _listener = self
        for name, wrap in WRAPPERS.items():
            if name in sys.modules:
                wrap(importlib.import_module(name))
        if not any(isinstance(finder, _WhenImported) for finder in sys.meta_path):
            sys.meta_path.insert(0, _WhenImported())

    def close(self) -> None:
        global _listener
        if _listener is self:
            _listener = None

    def created(self, bucket: Any, key: Any, reason: str) -> None:
        object_detail = {"size": key.size, **_etag(key), **_version(bucket, key.version_id)}
        self._send("Object Created", bucket, key.name, object_detail, {"reason": reason})

    def deleted(self, bucket: Any, name: str, etag: dict[str, str], version: Any) -> None:
        """``version``: the one deleted permanently; None leaves a delete marker where the bucket keeps versions."""
        leaves_marker = bucket.is_versioned and not version
        kind = "Delete Marker Created" if leaves_marker else "Permanently Deleted"
        object_detail = etag | _version(bucket, bucket.keys.get(name).version_id if leaves_marker else version)
        self._send("Object Deleted", bucket, name, object_detail, {"reason": "DeleteObject", "deletion-type": kind})

    def _send(self, kind: str, bucket: Any, name: str, object_detail: dict[str, Any], members: dict[str, str]) -> None:
        detail = {
            "version": "0",
            "bucket": {"name": bucket.name},
            "object": {"key": name, **object_detail, "sequencer": f"{next(_sequence):016X}"},
            "request-id": uuid.uuid4().hex[:16].upper(),
            "requester": self._account,
            "source-ip-address": "127.0.0.1",
            **members,
        }
        self._work(self._emit, "aws.s3", kind, detail, [bucket.arn])


class _WhenImported(MetaPathFinder):
    def find_spec(self, name: str, path: Any, _: Any = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path) if name in WRAPPERS else None
        if spec and spec.loader:
            execute = spec.loader.exec_module

            def execute_and_wrap(module: Any) -> None:
                execute(module)
                WRAPPERS[name](module)

            spec.loader.exec_module = execute_and_wrap  # type: ignore[method-assign]
        return spec


def _wrap_responses(responses: Any) -> None:
    get = responses.S3Response.get_bucket_notification
    if get.__name__ != "get_with_event_bridge":
        responses.S3Response.get_bucket_notification = _with_event_bridge(get)


def _with_event_bridge(get: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def get_with_event_bridge(response: Any) -> Any:
        configuration = response.backend.get_bucket_notification_configuration(response.bucket_name)
        result = get(response)
        if not configuration or configuration.event_bridge is None:
            return result
        status, headers, body = result
        root = ElementTree.fromstring(body)  # noqa: S314 - moto's own
        namespace = root.tag.rpartition("}")[0]
        ElementTree.SubElement(
            root, f"{namespace}}}EventBridgeConfiguration" if namespace else "EventBridgeConfiguration"
        )
        return status, headers, ElementTree.tostring(root, encoding="unicode")

    return get_with_event_bridge


def _wrap_models(models: Any) -> None:
    if models.notifications._send_event_bridge_message is not _created:
        models.notifications._send_event_bridge_message = _created
        models.S3Backend.delete_object = _reporting(models.S3Backend.delete_object)


def _created(_account: str, bucket: Any, event: Any, key: Any) -> None:
    """In place of moto's function, which is called only for buckets with EventBridge enabled. moto reports a multipart
    upload twice: when it writes the whole object, and when the upload is complete."""
    reason = REASONS.get(str(event.value))
    if _listener and reason and not (key.multipart and reason in SINGLE_WRITES):
        _listener.created(bucket, key, reason)


def _reporting(delete_object: Callable[..., Any]) -> Callable[..., Any]:
    def delete(backend: Any, bucket_name: str, key_name: str, version_id: Any = None, bypass: bool = False) -> Any:
        bucket = backend.get_bucket(bucket_name)
        etag = _etag(_existing(bucket, key_name, version_id))  # before it is deleted
        deleted, metadata = delete_object(backend, bucket_name, key_name, version_id, bypass)
        notifications = getattr(bucket, "notification_configuration", None)
        if deleted and _listener and notifications and notifications.event_bridge is not None:
            _listener.deleted(bucket, key_name, etag, version_id)
        return deleted, metadata

    return delete


def _existing(bucket: Any, name: str, version: Any) -> Any:
    keys = bucket.keys.getlist(name, [])
    matching = [key for key in keys if version is None or str(key.version_id) == str(version)]
    return matching[-1] if matching else None


def _etag(key: Any) -> dict[str, str]:
    return {"etag": key.etag.strip('"')} if hasattr(key, "etag") else {}  # a delete marker has none


def _version(bucket: Any, version: Any) -> dict[str, str]:
    return {"version-id": str(version)} if bucket.is_versioned and version else {}


WRAPPERS: dict[str, Callable[[Any], None]] = {MODELS: _wrap_models, RESPONSES: _wrap_responses}
