"""After the verdict, and only then: the records, the champion, the clearing away of what is old, the autoscaling."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aws.refusals import is_missing
from release.context import Site
from release.execute.cleanup import cleanup
from release.execute.execute import execute
from release.plan import scaling
from release.state import records
from release.state.deployment import Deployment
from release.state.lease import Lease
from release.state.read import read
from release.verdict.verdict import Verdict


def conclude(site: Site, lease: Lease, deployment: Deployment, verdict: Verdict, at: datetime) -> None:
    """Interrupted anywhere, all of it is done again by the next run: the deployment is forgotten last.

    An inconclusive one is not forgotten: the same command judges it again.
    """
    lease.check()
    where = records.note_verdict(site, deployment, verdict, at)
    if verdict.outcome == "shipped":
        package = site.patiently(lambda: _package(site, deployment))
        shipped = records.good(deployment, package, at, site.patiently(lambda: _image(site)))
        records.note_good(site, shipped, deployment.leaves, deployment.since)
        site.patiently(lambda: crown(site, package))
        site.patiently(lambda: cleanup(site, deployment, lease.check))
    if verdict.outcome == "rolled back":
        scale_again(site, lease, deployment)
    if verdict.outcome != "inconclusive":
        lease.note(None)
    site.say(f"record: {where}")


def scale_again(site: Site, lease: Lease, deployment: Deployment) -> None:
    """--replace took the autoscaling off; the fleet that SageMaker went back to wants it as much."""
    state = site.patiently(lambda: read(site.settings, deployment.package, site.client))
    if state.target is None:
        execute(scaling.scaling(site.settings, state, anew=False), site, lease.check)


def crown(site: Site, package: dict[str, Any]) -> None:
    """Runs that a schedule starts compare with the model that ships (docs/decisions/0001): where models are made."""
    uri = package.get("ModelMetrics", {}).get("ModelQuality", {}).get("Statistics", {}).get("S3Uri", "")
    if not uri:
        return
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    to = f"{site.settings.project.name}/champion/evaluation.json"
    s3 = site.client("s3")
    try:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        site.say(f"the champion's evaluation {uri} is gone: scheduled runs go on comparing with the one before")
        return
    s3.put_object(Bucket=bucket, Key=to, Body=body, ContentType="application/json")


def _image(site: Site) -> str:
    """That which runs: repository@digest, where SageMaker says so."""
    try:
        told = site.client("sagemaker").describe_endpoint(EndpointName=site.endpoint)
    except Exception as error:
        if is_missing(error):  # deleted since the verdict, which stands
            return ""
        raise
    images = told["ProductionVariants"][0].get("DeployedImages") or [{}]
    return str(images[0].get("ResolvedImage", ""))


def _package(site: Site, deployment: Deployment) -> dict[str, Any]:
    answer: dict[str, Any] = site.client("sagemaker").describe_model_package(ModelPackageName=deployment.package)
    return answer
