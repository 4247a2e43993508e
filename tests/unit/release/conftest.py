"""Settings and states to plan with: ``settings_of('[rollout]\\n...')``, ``live(settings)``."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from release.context import Context, Timing
from release.plan.plan import Plan, plan
from release.state.archive import Archive
from release.state.state import State
from settings.environments import CONFIG
from settings.loader import load
from settings.model import Settings

PACKAGE = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/churn/7"
OLD = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/churn/6"
SHA256 = hashlib.sha256(b"an archive").hexdigest()
ARCHIVE = Archive("churn-prod-123456789012-eu-west-1", "churn/runs/1/model.tar.gz", "version-1", SHA256)
OVERLAY = '[aws]\naccount_id = "123456789012"\n'


@pytest.fixture
def settings_of(tmp_path: Path) -> Callable[..., Settings]:
    """The base settings with an overlay of the test's own, as the environment prod."""

    def settings(overlay: str = "") -> Settings:
        folder = tmp_path / "config"
        folder.mkdir(exist_ok=True)
        (folder / "base.toml").write_text((CONFIG / "base.toml").read_text())
        (folder / "prod.toml").write_text(OVERLAY + overlay)
        return load("prod", folder)

    return settings


@pytest.fixture
def package() -> dict[str, Any]:
    """The response of DescribeModelPackage for an approved one."""
    return {
        "ModelPackageArn": PACKAGE,
        "ModelPackageGroupName": "churn",
        "ModelPackageVersion": 7,
        "ModelPackageStatus": "Completed",
        "ModelApprovalStatus": "Approved",
        "InferenceSpecification": {
            "Containers": [
                {
                    "Image": "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost:3.2-0",
                    "ModelDataUrl": "s3://churn-prod-123456789012-eu-west-1/churn/runs/1/model.tar.gz",
                }
            ]
        },
        "CustomerMetadataProperties": {"git_commit": "0123abc", "model_sha256": SHA256},
    }


@pytest.fixture
def empty(package: dict[str, Any]) -> State:
    """The package is valid and nothing else exists."""
    return State(package=package, package_arn=PACKAGE, archive=ARCHIVE, image_exists=None)


@pytest.fixture
def live(empty: State) -> Callable[..., State]:
    """The endpoint serves an older package, as a plan of the same settings left it."""

    def state(settings: Settings, **changes: Any) -> State:
        before = plan(settings, replace(empty, package_arn=OLD))
        return replace(empty, **{**_state_after(settings, before), **changes})

    return state


@pytest.fixture
def shipped(empty: State) -> Callable[..., State]:
    """The state after a plan for the package itself has been executed."""

    def state(settings: Settings, **changes: Any) -> State:
        return replace(empty, **{**_state_after(settings, plan(settings, empty)), **changes})

    return state


def _state_after(settings: Settings, done: Plan) -> dict[str, Any]:
    by_operation: dict[str, list[dict[str, Any]]] = {}
    for call in (*done.calls, *done.after):
        by_operation.setdefault(call.operation, []).append(call.request)
    [config] = by_operation["create_endpoint_config"]
    alarms = by_operation.get("put_metric_alarm", [])
    [dashboard] = by_operation["put_dashboard"]
    variant = {"VariantName": "AllTraffic", "DesiredInstanceCount": settings.serving.instance_count}
    endpoint = {
        "EndpointName": done.endpoint,
        "EndpointConfigName": done.config_name,
        "EndpointStatus": "InService",
        "ProductionVariants": [variant],
    }
    return {
        "endpoint": endpoint,
        "config": config,
        "alarms": {alarm["AlarmName"]: "OK" for alarm in alarms},
        "definitions": {alarm["AlarmName"]: alarm for alarm in alarms},
        "dashboard": dashboard["DashboardBody"],
        "target": (by_operation.get("register_scalable_target") or [None])[0],
        "policies": tuple(by_operation.get("put_scaling_policy", ())),
        "schedules": tuple(by_operation.get("put_scheduled_action", ())),
        "existing": frozenset({done.model_name, done.config_name, *(alarm["AlarmName"] for alarm in alarms)}),
    }


def refusal(code, message="no", operation="Operation", status=400):
    response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, operation)


class FakeS3:
    """Objects by key; checks conditions as S3 does."""

    def __init__(self):
        self.objects, self.before_put = {}, []

    def get_object(self, Bucket, Key):
        if Key not in self.objects:
            raise refusal("NoSuchKey", operation="GetObject")
        return {"Body": io.BytesIO(self.objects[Key]), "ETag": self.etag(Key)}

    def put_object(self, Bucket, Key, Body, ContentType, IfMatch=None, IfNoneMatch=None):
        if self.before_put:
            self.before_put.pop(0)()
        if (IfNoneMatch and Key in self.objects) or (IfMatch and IfMatch != self.etag(Key)):
            raise refusal("PreconditionFailed", operation="PutObject", status=412)
        self.objects[Key] = Body
        return {"ETag": self.etag(Key)}

    def etag(self, key):
        return hashlib.sha256(self.objects.get(key, b"")).hexdigest()


@pytest.fixture
def refuse():
    return refusal


@pytest.fixture
def s3():
    return FakeS3()


@pytest.fixture
def context(s3):
    """Its output is in ``context.lines``; other clients are added to ``context.clients``."""
    lines, clients = [], {"s3": s3}
    timing = Timing(0.001, 0.002, 0.001, 0.02, 0.1)
    context = Context(load("local"), clients.__getitem__, lines.append, timing)
    object.__setattr__(context, "lines", lines)
    object.__setattr__(context, "clients", clients)
    return context


@pytest.fixture
def service(context):
    """Adds a stand-in for a service to the context: its methods by name."""

    def put(name, **methods):
        context.clients[name] = SimpleNamespace(**methods)

    return put
