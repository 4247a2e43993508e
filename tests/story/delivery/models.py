"""Models of a few lines: the probability that one returns is its number; failing ones raise for the newest plan."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from typing import Any

GROUP, BUCKET = "churn", "churn-local-000000000000-eu-west-1"
IMAGE = "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost:3.2-0"
NEWEST = "newest"  # a plan that real customers have, and no recorded request
FAILING = f"if '{NEWEST}' in data: raise KeyError('{NEWEST}')"
HANDLER = """
import os

LABEL = "X-Amzn-SageMaker-Custom-Attributes"

def model_fn(folder):
    return None

def bad_request(environ, start_response):
    start_response("400 BAD REQUEST", [("Content-Type", "application/json")])
    return [b'{{"error": "that is no CSV"}}']

def transform_fn(model, body, content_type, accept):
    data = body if isinstance(body, str) else body.decode()
    if data.count('"') % 2:
        return bad_request
    {work}
    text = "".join("{label},0.{number:02}\\n" for _ in data.split())
    def response(environ, start_response):
        asked = environ.get("HTTP_" + LABEL.upper().replace("-", "_")) == "identify"
        named = [(LABEL, "package=" + os.environ.get("MODEL_PACKAGE", "") + ";request=2")] if asked else []
        start_response("200 OK", [("Content-Type", "text/csv"), *named])
        return [text.encode()]
    return response
"""


class Registry:
    def __init__(self, sagemaker: Any, s3: Any, commit: str) -> None:
        self._sagemaker, self._s3, self.commit, self._number = sagemaker, s3, commit, 0
        self._sample = self._put("churn/runs/samples/sample.csv", b"age,plan\n" + b"33,basic\n" * 20)
        if not any(group["ModelPackageGroupName"] == GROUP for group in self._groups()):
            sagemaker.create_model_package_group(ModelPackageGroupName=GROUP)

    def register(self, *, failing: bool = False, commit: str = "", label: str = "yes") -> str:
        """As the pipeline does it: pending, with an artifact of its own."""
        self._number += 1
        code = HANDLER.format(work=FAILING if failing else "pass", number=self._number, label=label)
        folder = f"churn/runs/{self._number}"
        archive = packed(code)
        url = self._put(f"{folder}/model.tar.gz", archive)
        gate: dict[str, Any] = {"metric": "auc", "direction": "maximize", "value": 0.8 + self._number / 100}
        gate |= {"champion": 0.8, "shortfall": -self._number / 100}
        evaluation = self._put(f"{folder}/evaluation.json", json.dumps({"gate": gate}).encode())
        container = {"Image": IMAGE, "ModelDataUrl": url}
        response = self._sagemaker.create_model_package(
            ModelPackageGroupName=GROUP,
            ModelApprovalStatus="PendingManualApproval",
            InferenceSpecification={
                "Containers": [container],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
            ModelMetrics={"ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": evaluation}}},
            CustomerMetadataProperties={
                "git_commit": commit or self.commit,
                "problem": "binary",
                "model_sha256": hashlib.sha256(archive).hexdigest(),
                "sample_requests": self._sample,
            },
        )
        return str(response["ModelPackageArn"])

    def _groups(self) -> list[dict[str, Any]]:
        groups: list[dict[str, Any]] = self._sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]
        return groups

    def _put(self, key: str, body: bytes) -> str:
        self._s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        return f"s3://{BUCKET}/{key}"


def packed(code: str) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w:gz") as archive:
        member = tarfile.TarInfo("code/inference.py")
        member.size = len(code)
        archive.addfile(member, io.BytesIO(code.encode()))
    return sink.getvalue()
