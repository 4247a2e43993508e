"""Models, configs and alarms of releases long gone. The live one and the last good ones stay, to go back to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from aws.refusals import is_missing
from release.context import Site
from release.state import owned_resources, records
from release.state.deployment import Deployment

AT_ONCE = 100  # alarms that one call deletes


def cleanup(site: Site, deployment: Deployment, check: Callable[[], None]) -> None:
    good = records.standing(records.last_good(site))[: site.settings.rollout.keep_last_good]
    configs = {deployment.config, *(each.config for each in good)}
    models = {deployment.model, *(each.model for each in good)}
    sagemaker = site.client("sagemaker")
    check()
    alarms = [name for name, config in owned_resources.alarms(site).items() if config and config != deployment.config]
    delete_alarms(site, alarms)
    for name in sorted(set(owned_resources.configs(site)) - configs):
        check()
        site.say(f"old endpoint config {name} deleted")
        gone(sagemaker.delete_endpoint_config, EndpointConfigName=name)
    for name in sorted(set(owned_resources.models(site)) - models):
        check()
        site.say(f"old model {name} deleted")
        gone(sagemaker.delete_model, ModelName=name)


def delete_alarms(site: Site, names: Iterable[str]) -> None:
    listed = sorted(names)
    for start in range(0, len(listed), AT_ONCE):
        gone(site.client("cloudwatch").delete_alarms, AlarmNames=listed[start : start + AT_ONCE])


def gone(delete: Callable[..., Any], **request: Any) -> None:
    """Deleted now, or by somebody else a moment ago."""
    try:
        delete(**request)
    except Exception as error:
        if not is_missing(error):
            raise
