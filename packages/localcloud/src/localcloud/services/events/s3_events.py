"""S3's "Object Created" and "Object Deleted": what moto's S3 tells of a bucket that has EventBridge switched on.

moto calls its own EventBridge, which ours replaces, and says nothing of delete markers: the two functions that know
are wrapped when moto's S3 is imported, which takes most of a second and so is left to its first user. They run with
moto's lock of S3 held, so the event goes out from another thread.

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
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

Work = Callable[..., None]
MOTO_S3 = "moto.s3.models"
REASONS = {
    "s3:ObjectCreated:Put": "PutObject",
    "s3:ObjectCreated:Post": "POST Object",
    "s3:ObjectCreated:Copy": "CopyObject",
    "s3:ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
}
WRITTEN = {"PutObject", "POST Object"}
_listener: S3Events | None = None  # moto's state is one per process, as are the wrapped functions
_sequence = itertools.count(time.time_ns())  # later events of a key have larger numbers


class S3Events:
    def __init__(self, cloud: Cloud, work: Work) -> None:
        global _listener
        self.cloud, self.work = cloud, work
        _listener = self
        if MOTO_S3 in sys.modules:
            _wrap(importlib.import_module(MOTO_S3))
        elif not any(isinstance(finder, _WhenImported) for finder in sys.meta_path):
            sys.meta_path.insert(0, _WhenImported())

    def close(self) -> None:
        global _listener
        if _listener is self:
            _listener = None

    def created(self, bucket: Any, key: Any, reason: str) -> None:
        of_object = {"size": key.size, **_etag(key), **_version(bucket, key.version_id)}
        self._tell("Object Created", bucket, key.name, of_object, {"reason": reason})

    def deleted(self, bucket: Any, name: str, etag: dict[str, str], version: Any) -> None:
        """``version``: of what is deleted for good; None leaves a marker where the bucket keeps versions."""
        marked = bucket.is_versioned and not version
        kind = "Delete Marker Created" if marked else "Permanently Deleted"
        of_object = etag | _version(bucket, bucket.keys.get(name).version_id if marked else version)
        self._tell("Object Deleted", bucket, name, of_object, {"reason": "DeleteObject", "deletion-type": kind})

    def _tell(self, kind: str, bucket: Any, name: str, of_object: dict[str, Any], more: dict[str, str]) -> None:
        detail = {
            "version": "0",
            "bucket": {"name": bucket.name},
            "object": {"key": name, **of_object, "sequencer": f"{next(_sequence):016X}"},
            "request-id": uuid.uuid4().hex[:16].upper(),
            "requester": self.cloud.account,
            "source-ip-address": "127.0.0.1",
            **more,
        }
        self.work(self.cloud.emit, "aws.s3", kind, detail, [bucket.arn])


class _WhenImported(MetaPathFinder):
    def find_spec(self, name: str, path: Any, _: Any = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path) if name == MOTO_S3 else None
        if spec and spec.loader:
            execute = spec.loader.exec_module

            def execute_and_wrap(module: Any) -> None:
                execute(module)
                _wrap(module)

            spec.loader.exec_module = execute_and_wrap  # type: ignore[method-assign]
        return spec


def _wrap(models: Any) -> None:
    if models.notifications._send_event_bridge_message is not _created:
        models.notifications._send_event_bridge_message = _created
        models.S3Backend.delete_object = _telling(models.S3Backend.delete_object)


def _created(_account: str, bucket: Any, event: Any, key: Any) -> None:
    """In place of moto's function, which is called only for a bucket that wants it. Of an upload in parts moto tells
    twice: as it writes the whole object, and then as it is complete."""
    reason = REASONS.get(str(event.value))
    if _listener and reason and not (key.multipart and reason in WRITTEN):
        _listener.created(bucket, key, reason)


def _telling(delete_object: Callable[..., Any]) -> Callable[..., Any]:
    def delete(backend: Any, bucket_name: str, key_name: str, version_id: Any = None, bypass: bool = False) -> Any:
        bucket = backend.get_bucket(bucket_name)
        etag = _etag(_found(bucket, key_name, version_id))  # now: what is deleted knows its own no more
        done, told = delete_object(backend, bucket_name, key_name, version_id, bypass)
        asked = getattr(bucket, "notification_configuration", None)
        if done and _listener and asked and asked.event_bridge is not None:
            _listener.deleted(bucket, key_name, etag, version_id)
        return done, told

    return delete


def _found(bucket: Any, name: str, version: Any) -> Any:
    keys = bucket.keys.getlist(name, [])
    fitting = [key for key in keys if version is None or str(key.version_id) == str(version)]
    return fitting[-1] if fitting else None


def _etag(key: Any) -> dict[str, str]:
    return {"etag": key.etag.strip('"')} if hasattr(key, "etag") else {}  # a delete marker has none


def _version(bucket: Any, version: Any) -> dict[str, str]:
    return {"version-id": str(version)} if bucket.is_versioned and version else {}
