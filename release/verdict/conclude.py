"""After the verdict, and only then: the records, the champion, the cleanup of old releases, the autoscaling."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aws.refusals import is_missing
from aws.s3 import split_uri
from release.context import Context
from release.execute.cleanup import cleanup
from release.execute.execute import execute
from release.kinds import serving_kind
from release.plan.inputs import read_inputs
from release.state import records
from release.state.deployment import Deployment
from release.state.lease import Lease
from release.verdict.verdict import Verdict


def conclude(context: Context, lease: Lease, deployment: Deployment, verdict: Verdict, at: datetime) -> None:
    """Interrupted anywhere, all of it is repeated by the next run: the deployment leaves the lease last.

    An inconclusive one stays on it: the same command judges it again.
    """
    lease.check()
    uri = records.write_verdict(context, deployment, verdict.record(), at)
    if verdict.outcome == "shipped":
        package = context.retry(lambda: _package(context, deployment))
        shipped = records.good_release(deployment, package, at, context.retry(lambda: _image(context)))
        records.add_good_release(context, shipped, deployment.leaves, deployment.since)
        context.retry(lambda: update_champion(context, package))
        context.retry(lambda: cleanup(context, deployment, lease.check))
    if verdict.outcome == "rolled back":
        restore_scaling(context, lease, deployment)
    if verdict.outcome != "inconclusive":
        lease.record(None)
    context.say(f"record: {uri}")


def restore_scaling(context: Context, lease: Lease, deployment: Deployment) -> None:
    """--replace took the autoscaling off; the fleet that SageMaker rolled back to needs it too."""
    settings = context.settings
    state = context.retry(lambda: read_inputs(settings, deployment.package, context.client))
    if state.target is None:
        execute(serving_kind(settings).scaling(settings, state, recreate=False), context, lease.check)


def update_champion(context: Context, package: dict[str, Any]) -> None:
    """Scheduled runs compare with the model that ships (docs/decisions/0001): in the bucket where models are built."""
    uri = package.get("ModelMetrics", {}).get("ModelQuality", {}).get("Statistics", {}).get("S3Uri", "")
    if not uri:
        return
    bucket, key = split_uri(uri)
    target = f"{context.settings.project.name}/champion/evaluation.json"
    s3 = context.client("s3")
    try:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        context.say(f"the evaluation {uri} is gone: scheduled runs keep comparing with the previous champion")
        return
    s3.put_object(Bucket=bucket, Key=target, Body=body, ContentType="application/json")


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
