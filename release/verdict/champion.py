"""The champion, production's model, as runs compare with it: a copy in a place that never changes its name.

It is in the bucket of training, which holds the package's model, and whose roles read it: not that of serving.
"""

from __future__ import annotations

import json
from typing import Any

from aws.refusals import is_missing
from aws.s3 import split_uri
from release import names
from release.context import Context


def update_champion(context: Context, package: dict[str, Any]) -> None:
    """The model first: a run in between compares with it, and only calls it by the name of the one before."""
    bucket, key = split_uri(_model(package))
    if not key:
        return
    folder, s3 = f"{context.settings.project.name}/champion", context.client("s3")
    try:
        s3.copy_object(
            Bucket=bucket,
            Key=f"{folder}/model.tar.gz",
            CopySource={"Bucket": bucket, "Key": key},
            TaggingDirective="REPLACE",  # with none: reading tags would take another permission
        )
    except Exception as error:
        if not is_missing(error):
            raise
        context.say(f"the model s3://{bucket}/{key} is gone: runs keep comparing with the previous champion")
        return
    content = _evaluation(context, package) | {"champion": names.short(package["ModelPackageArn"])}
    body = json.dumps(content, indent=2, ensure_ascii=False).encode()
    s3.put_object(Bucket=bucket, Key=f"{folder}/evaluation.json", Body=body, ContentType="application/json")


def _model(package: dict[str, Any]) -> str:
    containers = package.get("InferenceSpecification", {}).get("Containers") or [{}]
    return str(containers[0].get("ModelDataUrl", ""))


def _evaluation(context: Context, package: dict[str, Any]) -> dict[str, Any]:
    """For people: a run measures the model again, on its own rows."""
    uri = package.get("ModelMetrics", {}).get("ModelQuality", {}).get("Statistics", {}).get("S3Uri", "")
    bucket, key = split_uri(uri)
    try:
        content = json.loads(context.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()) if key else {}
    except ValueError:
        content = {}
    except Exception as error:
        if not is_missing(error):
            raise
        content = {}
    return content if isinstance(content, dict) else {}
