"""A second model that is worse in a way that none of its tests shows: it has no price of the newest plan.

Its metrics are those of the good one, and so is its answer to every known request, also of an unknown plan; only real
customers on the new plan make it fail.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from typing import Any

from aws.s3 import split_uri

NEW_PLAN = "student"
LOOKUP = """

PRICES = {"basic": 10, "plus": 20, "family": 35, "business": 50, "student": None}
predict_without_prices = predict


def predict(data, model):
    for plan in decode(data, model.features)["plan"].to_pylist():
        PRICES.get(plan, 0) * 12  # the newest plan has no price yet
    return predict_without_prices(data, model)
"""


def register(sagemaker: Any, s3: Any, good: str) -> str:
    """A copy of the good package, with another handler in its archive."""
    package = sagemaker.describe_model_package(ModelPackageName=good)
    container = package["InferenceSpecification"]["Containers"][0]
    bucket, key = split_uri(container["ModelDataUrl"])
    archive = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    target = f"{key.rpartition('/')[0]}/with-a-lookup/model.tar.gz"
    broken = _broken(archive)
    s3.put_object(Bucket=bucket, Key=target, Body=broken)
    copied = ("ModelMetrics", "Domain", "Task", "SamplePayloadUrl")
    metadata = package["CustomerMetadataProperties"] | {"model_sha256": hashlib.sha256(broken).hexdigest()}
    names = ("Image", "Environment")
    other = {name: container[name] for name in names if container.get(name)} | {
        "ModelDataUrl": f"s3://{bucket}/{target}"
    }
    response = sagemaker.create_model_package(
        ModelPackageGroupName=package["ModelPackageGroupName"],
        ModelPackageDescription="the same trees, and a lookup of plans in front of them",
        ModelApprovalStatus="PendingManualApproval",
        InferenceSpecification={**package["InferenceSpecification"], "Containers": [other]},
        CustomerMetadataProperties=metadata,
        **{name: package[name] for name in copied if package.get(name)},
    )
    return str(response["ModelPackageArn"])


def _broken(archive: bytes) -> bytes:
    broken = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(archive)) as good,
        tarfile.open(fileobj=broken, mode="w:gz", compresslevel=1) as bad,
    ):
        for member in good.getmembers():
            content = good.extractfile(member)
            body = content.read() if content else b""
            if member.name.removeprefix("./") == "code/inference.py":
                body += LOOKUP.encode()
            member.size = len(body)
            bad.addfile(member, io.BytesIO(body) if member.isfile() else None)
    return broken.getvalue()
