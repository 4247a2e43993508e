"""Reads the state. What does not exist is not an error; everything else is raised unchanged."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aws import quotas
from aws.refusals import is_denied, is_missing
from aws.response_time import response_time
from release import scaling_target
from release.state.archive import read_archive
from release.state.state import Response, State
from settings.model import Settings

Client = Callable[[str], Any]
IMAGE = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/(?P<repository>[^:@]+)"
    r"(?::(?P<tag>[^@]+))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
NO_IMAGE = ("RepositoryNotFoundException", "ImageNotFoundException")


@dataclass(frozen=True)
class ResourceNames:
    """Of what the release would create."""

    model: str
    config: str
    alarms: Sequence[str]
    dashboard: str


def read_package(client: Client, package_arn: str) -> Response:
    return _find(client("sagemaker").describe_model_package, ModelPackageName=package_arn) or {}


def read_state(settings: Settings, package_arn: str, package: Response, names: ResourceNames, client: Client) -> State:
    sagemaker = client("sagemaker")
    container = (package.get("InferenceSpecification", {}).get("Containers") or [{}])[0]
    endpoint, live_config = _live(settings, sagemaker)
    alarm_names = [*names.alarms, *settings.alarms.extra]
    response = client("cloudwatch").describe_alarms(AlarmNames=alarm_names, MaxRecords=100)
    definitions = {alarm["AlarmName"]: alarm for alarm in response["MetricAlarms"]}
    target, policies, schedules = _scaling(settings, client("application-autoscaling"))
    return State(
        package=package,
        package_arn=package_arn,
        archive=read_archive(container, client("s3")),
        image_exists=_image_exists(settings, container, client),
        endpoint=endpoint,
        config=live_config,
        alarms={name: alarm["StateValue"] for name, alarm in definitions.items()},
        definitions=definitions,
        dashboard=_dashboard(client("cloudwatch"), names.dashboard),
        target=target,
        policies=policies,
        schedules=schedules,
        existing=frozenset(_existing(sagemaker, names)) | (definitions.keys() & set(names.alarms)),
        now=response_time(response),
        quotas=_quotas(settings, client),
    )


def _quotas(settings: Settings, client: Client) -> Mapping[str, float] | None:
    if settings.serving.kind != "realtime":
        return {}
    return quotas.read(client, [quotas.endpoint_quota(settings.serving.instance_type)])


def _find(call: Callable[..., Response], **request: Any) -> Response | None:
    try:
        return call(**request)
    except Exception as error:
        if is_missing(error):
            return None
        raise


def _live(settings: Settings, sagemaker: Any) -> tuple[Response | None, Response | None]:
    """The endpoint and its config: each may have been deleted by hand."""
    endpoint = _find(sagemaker.describe_endpoint, EndpointName=settings.endpoint_name)
    if endpoint is None or not endpoint.get("EndpointConfigName"):
        return endpoint, None
    return endpoint, _find(sagemaker.describe_endpoint_config, EndpointConfigName=endpoint["EndpointConfigName"])


def _dashboard(cloudwatch: Any, name: str) -> str:
    return str((_find(cloudwatch.get_dashboard, DashboardName=name) or {}).get("DashboardBody", ""))


def _existing(sagemaker: Any, names: ResourceNames) -> Iterable[str]:
    if _find(sagemaker.describe_model, ModelName=names.model):
        yield names.model
    if _find(sagemaker.describe_endpoint_config, EndpointConfigName=names.config):
        yield names.config


def _image_exists(settings: Settings, container: Mapping[str, Any], client: Client) -> bool | None:
    match = IMAGE.fullmatch(container.get("Image", ""))
    if not match or match["account"] != settings.account or match["region"] != settings.aws.region:
        return None
    image = {"imageDigest": match["digest"]} if match["digest"] else {"imageTag": match["tag"] or "latest"}
    try:
        client("ecr").describe_images(registryId=match["account"], repositoryName=match["repository"], imageIds=[image])
    except Exception as error:
        if getattr(error, "response", {}).get("Error", {}).get("Code") in NO_IMAGE:
            return False
        if is_denied(error):
            return None
        raise
    return True


def _scaling(
    settings: Settings, autoscaling: Any
) -> tuple[Response | None, tuple[Response, ...], tuple[Response, ...]]:
    targets = scaling_target.find(settings, autoscaling)
    if not targets:
        return None, (), ()
    variant = scaling_target.identity(settings)
    policies = _items(autoscaling, "describe_scaling_policies", "ScalingPolicies", variant)
    return targets[0], policies, _items(autoscaling, "describe_scheduled_actions", "ScheduledActions", variant)


def _items(client: Any, operation: str, key: str, request: Mapping[str, Any]) -> tuple[Response, ...]:
    pages = client.get_paginator(operation).paginate(**request)
    return tuple(item for page in pages for item in page[key])
