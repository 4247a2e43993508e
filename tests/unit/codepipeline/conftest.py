"""Settings and states to plan with: ``settings_of('[rollout]\\n...')``, ``situation(settings, live="m5")``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from codepipeline.deploy.plan import Plan, plan
from codepipeline.deploy.state import State
from pipelines.settings import CONFIG, Settings, load

PACKAGE = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/churn/7"
OLD = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/churn/6"
OVERLAY = '[aws]\naccount_id = "123456789012"\n'


@pytest.fixture
def settings_of(tmp_path: Path) -> Callable[..., Settings]:
    """The base with an overlay of the test's own, as the environment prod."""

    def made(overlay: str = "") -> Settings:
        folder = tmp_path / "config"
        folder.mkdir(exist_ok=True)
        (folder / "base.toml").write_text((CONFIG / "base.toml").read_text())
        (folder / "prod.toml").write_text(OVERLAY + overlay)
        return load("prod", folder)

    return made


@pytest.fixture
def package() -> dict[str, Any]:
    """What DescribeModelPackage says of an approved one."""
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
        "CustomerMetadataProperties": {"git_commit": "0123abc"},
    }


@pytest.fixture
def empty(package: dict[str, Any]) -> State:
    """The package is fine and there is nothing else."""
    return State(package=package, package_arn=PACKAGE, artifact_there=True, image_there=None)


@pytest.fixture
def live(empty: State) -> Callable[..., State]:
    """The endpoint lives on an older package, as a plan of the same settings left it."""

    def made(settings: Settings, **changes: Any) -> State:
        before = plan(settings, replace(empty, package_arn=OLD))
        return replace(empty, **{**_as_left_by(settings, before), **changes})

    return made


@pytest.fixture
def shipped(empty: State) -> Callable[..., State]:
    """What there is when a plan for the package itself has been carried out."""

    def made(settings: Settings, **changes: Any) -> State:
        return replace(empty, **{**_as_left_by(settings, plan(settings, empty)), **changes})

    return made


def _as_left_by(settings: Settings, done: Plan) -> dict[str, Any]:
    by_operation: dict[str, list[dict[str, Any]]] = {}
    for call in (*done.calls, *done.after):
        by_operation.setdefault(call.operation, []).append(call.request)
    [config] = by_operation["create_endpoint_config"]
    alarms = by_operation.get("put_metric_alarm", [])
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
        "target": (by_operation.get("register_scalable_target") or [None])[0],
        "policies": tuple(by_operation.get("put_scaling_policy", ())),
        "schedules": tuple(by_operation.get("put_scheduled_action", ())),
        "existing": frozenset({done.model_name, done.config_name, *(alarm["AlarmName"] for alarm in alarms)}),
    }
