"""Publishes whether the judgement of a deployment has failed: the metric of its alarms."""

from __future__ import annotations

from release import judgement_alarms
from release.context import Context
from release.execute.cleanup import delete_alarms
from release.state.deployment import Deployment


def publish(context: Context, deployment: Deployment, failed: bool) -> None:
    if judgement_alarms.watched(deployment.alarms, deployment.config):
        request = judgement_alarms.publication(context.settings, deployment.config, failed)
        context.client("cloudwatch").put_metric_data(**request)


def delete_judgement_alarms(context: Context, deployment: Deployment) -> None:
    """When the deployment has ended: nobody publishes any more, so that one of them would go into ALARM."""
    if judgement_alarms.watched(deployment.alarms, deployment.config):
        context.retry(lambda: delete_alarms(context, judgement_alarms.names(deployment.config)))
