"""``--delete``: deletes an environment's endpoint with its resources. Lists first what goes and what stays."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field

from aws.confirmation import Ask, confirm
from aws.tables import columns
from release import scaling_target
from release.context import Context
from release.execute.cleanup import delete_alarms, delete_if_exists
from release.execute.execute import execute
from release.state import owned_resources, s3_documents
from release.state.endpoint import read_endpoint
from release.state.lease import Lease
from settings.errors import Problem

POLLS = 400  # with growing waits: half an hour


@dataclass(frozen=True)
class Resources:
    status: str  # of the endpoint; "" when there is none
    scaled: bool
    configs: list[str]
    models: list[str]
    alarms: list[str]
    dashboards: list[str] = field(default_factory=list)

    @property
    def any(self) -> bool:
        return bool(self.status or self.scaled or self.configs or self.models or self.alarms or self.dashboards)

    def table(self, context: Context) -> str:
        rows = [
            ("endpoint", f"{context.endpoint_name} ({self.status})" if self.status else ""),
            ("autoscaling", "of its variant" if self.scaled else ""),
            ("configs", ", ".join(self.configs)),
            ("models", ", ".join(self.models)),
            ("alarms", ", ".join(self.alarms)),
            ("dashboard", ", ".join(self.dashboards)),
        ]
        return columns([row for row in rows if row[1]])


def read_resources(context: Context) -> Resources:
    endpoint = read_endpoint(context.client("sagemaker"), context.endpoint_name)
    scaled = bool(scaling_target.find(context.settings, context.client("application-autoscaling")))
    configs, models = owned_resources.configs(context), owned_resources.models(context)
    alarms, dashboards = sorted(owned_resources.alarms(context)), owned_resources.dashboards(context)
    return Resources(endpoint.status, scaled, configs, models, alarms, dashboards)


def delete(context: Context, yes: bool, ask: Ask | None) -> int:
    """Returns the exit code. ``ask`` is None where nobody can answer."""
    resources = context.retry(lambda: read_resources(context))
    if not resources.any:
        context.say(f"endpoint {context.endpoint_name} and its resources do not exist: nothing to delete")
        return 0
    context.say(f"to be deleted:\n{resources.table(context)}\n{_retained(context)}")
    if not yes and not confirm(ask, f"Delete {context.endpoint_name} and all of this?", context.endpoint_name):
        context.say("nothing was deleted")
        return 1
    recorded = context.retry(lambda: s3_documents.bucket_exists(context))
    with Lease(context) if recorded else nullcontext() as lease:
        _delete(context, context.retry(lambda: read_resources(context)), lease.check if lease else _no_lease)
        if lease:
            lease.record(None)
    context.say(f"deleted {context.endpoint_name}")
    return 0


def _no_lease() -> None:
    """Without the bucket of the records nobody has one, and nobody can deploy."""


def _delete(context: Context, resources: Resources, check: Callable[[], None]) -> None:
    sagemaker, name = context.client("sagemaker"), context.endpoint_name
    if resources.status in ("Creating", "Updating", "RollingBack", "SystemUpdating"):
        raise Problem(f"endpoint {name} is {resources.status}: wait until it is InService, then delete it")
    if resources.scaled:
        execute([scaling_target.deregister(context.settings, "the endpoint is deleted")], context, check)
    if resources.status and resources.status != "Deleting":
        check()
        context.retry(lambda: delete_if_exists(sagemaker.delete_endpoint, EndpointName=name))
    _wait(context)
    delete_config, delete_model = sagemaker.delete_endpoint_config, sagemaker.delete_model
    for config in resources.configs:
        context.retry(lambda config=config: delete_if_exists(delete_config, EndpointConfigName=config))  # type: ignore[misc]
    for model in resources.models:
        context.retry(lambda model=model: delete_if_exists(delete_model, ModelName=model))  # type: ignore[misc]
    context.retry(lambda: delete_alarms(context, resources.alarms))
    if resources.dashboards:
        delete_dashboards = context.client("cloudwatch").delete_dashboards
        context.retry(lambda: delete_if_exists(delete_dashboards, DashboardNames=resources.dashboards))


def _wait(context: Context) -> None:
    wait, name = context.timing.first_poll, context.endpoint_name
    for _ in range(POLLS):
        endpoint = context.retry(lambda: read_endpoint(context.client("sagemaker"), name))
        if not endpoint.status:
            return
        if not endpoint.changing:
            break
        context.sleep(wait)
        wait = min(wait * 1.3, context.timing.longest_poll)
    raise Problem(f"endpoint {name} was not deleted (it is {endpoint.status}): repeat --delete")


def _retained(context: Context) -> str:
    bucket, project = context.settings.bucket, context.settings.project.name
    capture = f"s3://{bucket}/{project}/capture"
    return (
        f"What stays: the records in s3://{bucket}/{context.releases}, captured requests in {capture}, "
        f"the logs in /aws/sagemaker/Endpoints/{context.endpoint_name}, and the packages of "
        f"{context.settings.project.group}."
    )
