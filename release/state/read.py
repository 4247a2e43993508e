"""State: what AWS has now. Only reads; what is not there is no error, everything else is raised as it came."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from aws.refusals import is_denied, is_missing
from release.plan import alarms, scaling
from release.plan.config_request import config
from release.plan.model_request import model
from release.state.aws_time import moment
from release.state.state import Answer, State
from settings.model import Settings

Client = Callable[[str], Any]
IMAGE = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/(?P<repository>[^:@]+)"
    r"(?::(?P<tag>[^@]+))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
NO_IMAGE = ("RepositoryNotFoundException", "ImageNotFoundException")


def read(settings: Settings, package_arn: str, client: Client) -> State:
    sagemaker = client("sagemaker")
    package = _there(sagemaker.describe_model_package, ModelPackageName=package_arn) or {}
    container = (package.get("InferenceSpecification", {}).get("Containers") or [{}])[0]
    of_model = model(settings, package_arn, package)
    model_name = of_model.request["ModelName"]
    config_name = config(settings, model_name, package_arn, package).request["EndpointConfigName"]
    endpoint, live_config = _live(settings, sagemaker)
    own = alarms.own_names(settings, config_name)
    described = client("cloudwatch").describe_alarms(AlarmNames=[*own, *settings.alarms.extra], MaxRecords=100)
    definitions = {alarm["AlarmName"]: alarm for alarm in described["MetricAlarms"]}
    target, policies, schedules = _scaling(settings, client("application-autoscaling"))
    return State(
        package=package,
        package_arn=package_arn,
        artifact_there=_artifact(container, client("s3")),
        image_there=_image(settings, container, client),
        endpoint=endpoint,
        config=live_config,
        alarms={name: alarm["StateValue"] for name, alarm in definitions.items()},
        definitions=definitions,
        target=target,
        policies=policies,
        schedules=schedules,
        existing=frozenset(_existing(sagemaker, model_name, config_name)) | (definitions.keys() & set(own)),
        now=moment(described),
    )


def _there(call: Callable[..., Answer], **request: Any) -> Answer | None:
    try:
        return call(**request)
    except Exception as error:
        if is_missing(error):
            return None
        raise


def _live(settings: Settings, sagemaker: Any) -> tuple[Answer | None, Answer | None]:
    """The endpoint and the config it lives on: each may have been deleted by hand."""
    endpoint = _there(sagemaker.describe_endpoint, EndpointName=settings.endpoint_name)
    if endpoint is None or not endpoint.get("EndpointConfigName"):
        return endpoint, None
    return endpoint, _there(sagemaker.describe_endpoint_config, EndpointConfigName=endpoint["EndpointConfigName"])


def _existing(sagemaker: Any, model_name: str, config_name: str) -> Iterable[str]:
    if _there(sagemaker.describe_model, ModelName=model_name):
        yield model_name
    if _there(sagemaker.describe_endpoint_config, EndpointConfigName=config_name):
        yield config_name


def _artifact(container: Mapping[str, Any], s3: Any) -> bool:
    uri = container.get("ModelDataUrl") or container.get("ModelDataSource", {}).get("S3DataSource", {}).get("S3Uri", "")
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not bucket:
        return False
    if not key or key.endswith("/"):
        found = _there(s3.list_objects_v2, Bucket=bucket, Prefix=key, MaxKeys=1)
        return bool(found and found.get("KeyCount"))
    return _there(s3.head_object, Bucket=bucket, Key=key) is not None


def _image(settings: Settings, container: Mapping[str, Any], client: Client) -> bool | None:
    named = IMAGE.fullmatch(container.get("Image", ""))
    if not named or named["account"] != _account(settings) or named["region"] != settings.aws.region:
        return None
    image = {"imageDigest": named["digest"]} if named["digest"] else {"imageTag": named["tag"] or "latest"}
    try:
        client("ecr").describe_images(registryId=named["account"], repositoryName=named["repository"], imageIds=[image])
    except Exception as error:
        if getattr(error, "response", {}).get("Error", {}).get("Code") in NO_IMAGE:
            return False
        if is_denied(error):
            return None
        raise
    return True


def _account(settings: Settings) -> str:
    return settings.aws.account_id or settings.role_arn.split(":")[4]


def _scaling(settings: Settings, autoscaling: Any) -> tuple[Answer | None, tuple[Answer, ...], tuple[Answer, ...]]:
    variant = scaling.of_variant(settings)
    resource = variant["ResourceId"]
    asked = {**variant, "ResourceIds": [resource]}
    del asked["ResourceId"]
    targets = autoscaling.describe_scalable_targets(**asked)["ScalableTargets"]
    if not targets:
        return None, (), ()
    policies = _pages(autoscaling, "describe_scaling_policies", "ScalingPolicies", variant)
    return targets[0], policies, _pages(autoscaling, "describe_scheduled_actions", "ScheduledActions", variant)


def _pages(client: Any, operation: str, answer: str, request: Mapping[str, Any]) -> tuple[Answer, ...]:
    pages = client.get_paginator(operation).paginate(**request)
    return tuple(item for page in pages for item in page[answer])
