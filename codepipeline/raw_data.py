"""The raw data has to be there before the first build, which starts a run."""

from __future__ import annotations

from typing import Any

from aws.refusals import is_denied, is_missing
from aws.s3 import split_uri
from codepipeline.aws_cli import AwsCli
from settings.model import Settings


def reminder(settings: Settings, s3: Any, cli: AwsCli) -> str:
    """The command that puts the data where every run reads it; "" when some is there, or cannot be listed."""
    if _exists(settings.data_uri, s3):
        return ""
    command = " ".join(cli.command("s3", "cp", "--recursive", "FOLDER", settings.data_uri))
    return (
        f"there is no data at {settings.data_uri}, and every run reads it, also that of the first build: put the files "
        f"there as soon as the bucket exists, before the first push:\n  {command}"
    )


def _exists(uri: str, s3: Any) -> bool:
    bucket, prefix = split_uri(uri)
    try:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return any(entry["Size"] for page in pages for entry in page.get("Contents", []))
    except Exception as error:
        if is_missing(error):
            return False
        if is_denied(error):
            return True
        raise


def problem(settings: Settings, s3: Any) -> str:
    """Why new data in a bucket of somebody else would start nothing; "" when it starts a run, or cannot be known."""
    bucket = split_uri(settings.data_uri)[0]
    if not settings.retraining.data_arrival or bucket == settings.bucket:
        return ""  # the foundation's own bucket sends its events
    try:
        configuration = s3.get_bucket_notification_configuration(Bucket=bucket)
    except Exception as error:
        if is_denied(error):
            return ""
        if is_missing(error):
            return f"{settings.file}: data.uri = {settings.data.uri!r}: there is no bucket {bucket}: create it first"
        raise
    if "EventBridgeConfiguration" in configuration:
        return ""
    return (
        f"{settings.file}: retraining.data_arrival = {settings.retraining.data_arrival!r}: the bucket {bucket} sends "
        "no events to EventBridge, so new data would start nothing: turn EventBridge on in the bucket's properties "
        '(Event notifications), or set retraining.data_arrival = ""'
    )
