"""Deletes models, configs and alarms of old releases. The live one and the last good ones stay, for rollbacks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from aws.refusals import is_missing
from release.context import Context
from release.kinds import serving_kind, standing_alarms
from release.state import owned_resources, records
from release.state.deployment import Deployment

BATCH = 100  # alarms that one call deletes


def cleanup(context: Context, deployment: Deployment, check: Callable[[], None]) -> None:
    good = records.rollback_targets(records.last_good(context))[: context.settings.rollout.keep_last_good]
    configs = {deployment.config, *(release.config for release in good)}
    models = {deployment.model, *(release.model for release in good)}
    sagemaker = context.client("sagemaker")
    check()
    alarms = owned_resources.alarms(context)
    kept = {deployment.config, *(_standing(context))}
    delete_alarms(context, [name for name, config in alarms.items() if (config or name) not in kept])
    for name in sorted(set(owned_resources.configs(context)) - configs):
        check()
        context.say(f"old endpoint config {name} deleted")
        delete_if_exists(sagemaker.delete_endpoint_config, EndpointConfigName=name)
    for name in sorted(set(owned_resources.models(context)) - models):
        check()
        context.say(f"old model {name} deleted")
        delete_if_exists(sagemaker.delete_model, ModelName=name)


def _standing(context: Context) -> Iterator[str]:
    """The alarms that stay by the settings, which may have turned one off."""
    for call in standing_alarms.alarms(context.settings, serving_kind(context.settings).utilization):
        yield call.request["AlarmName"]


def delete_alarms(context: Context, names: Iterable[str]) -> None:
    listed = sorted(names)
    for start in range(0, len(listed), BATCH):
        delete_if_exists(context.client("cloudwatch").delete_alarms, AlarmNames=listed[start : start + BATCH])


def delete_if_exists(delete: Callable[..., Any], **request: Any) -> None:
    """Somebody else may have deleted it a moment ago."""
    try:
        delete(**request)
    except Exception as error:
        if not is_missing(error):
            raise
