"""After the verdict, and only then: the records, the champion, the cleanup of old releases, the autoscaling."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aws.refusals import is_missing
from release import notice
from release.context import Context
from release.execute.cleanup import cleanup
from release.execute.execute import execute
from release.execute.publication import delete_judgement_alarms
from release.kinds import serving_kind
from release.plan.inputs import read_inputs
from release.state import records, verdict_records
from release.state.aws_time import parse
from release.state.deployment import Deployment
from release.state.lease import Lease
from release.state.verdict_records import VerdictRecord
from release.verdict.champion import update_champion
from release.verdict.verdict import Verdict


def conclude(context: Context, lease: Lease, deployment: Deployment, verdict: Verdict, at: datetime) -> None:
    """Interrupted anywhere, all of it is repeated by the next run: the deployment leaves the lease last."""
    lease.check()
    notice.publish(context, deployment, verdict.outcome, verdict.reason, at)
    uri = verdict_records.write(context, deployment, verdict.record(), at)
    finish(context, lease, deployment, verdict.outcome, at)
    context.say(f"record: {uri}")


def finish(context: Context, lease: Lease, deployment: Deployment, outcome: str, at: datetime) -> None:
    """An inconclusive one stays on the lease: the same command judges it again."""
    lease.check()
    delete_judgement_alarms(context, deployment)
    if outcome == "shipped":
        _count_as_good(context, lease, deployment, at)
    if outcome == "rolled back":
        restore_scaling(context, lease, deployment)
    if outcome != "inconclusive":
        lease.record(None)


def conclude_accepted(context: Context, lease: Lease, record: VerdictRecord) -> None:
    """What is live and accepted by a person counts as what has shipped. Doing it twice changes nothing."""
    at = parse(record.acceptance.time if record.acceptance else record.time)
    _count_as_good(context, lease, record.deployment, at)
    if lease.deployment == record.deployment:
        lease.record(None)


def _count_as_good(context: Context, lease: Lease, deployment: Deployment, at: datetime) -> None:
    package = context.retry(lambda: _package(context, deployment))
    shipped = records.good_release(deployment, package, at, context.retry(lambda: _image(context)))
    records.add_good_release(context, shipped, deployment.leaves, deployment.since)
    if context.settings.is_production:
        context.retry(lambda: update_champion(context, package))
    context.retry(lambda: cleanup(context, deployment, lease.check))


def restore_scaling(context: Context, lease: Lease, deployment: Deployment) -> None:
    """--replace took the autoscaling off; the fleet that SageMaker rolled back to needs it too."""
    settings = context.settings
    state = context.retry(lambda: read_inputs(settings, deployment.package, context.client))
    if state.target is None:
        execute(serving_kind(settings).scaling(settings, state, recreate=False), context, lease.check)


def _image(context: Context) -> str:
    """The one that runs, as repository@digest, where SageMaker says so."""
    try:
        response = context.client("sagemaker").describe_endpoint(EndpointName=context.endpoint_name)
    except Exception as error:
        if is_missing(error):  # deleted since the verdict, which stands
            return ""
        raise
    images = response["ProductionVariants"][0].get("DeployedImages") or [{}]
    return str(images[0].get("ResolvedImage", ""))


def _package(context: Context, deployment: Deployment) -> dict[str, Any]:
    sagemaker = context.client("sagemaker")
    response: dict[str, Any] = sagemaker.describe_model_package(ModelPackageName=deployment.package)
    return response
