"""Prepares the judgement of a deployment: both packages, their known requests, and what an earlier run has counted."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, zip_longest
from typing import Any

from aws.refusals import is_missing
from release.context import Context
from release.invocation import Request
from release.judgement.answers import Fleet
from release.judgement.judgement import Judgement
from release.names import short
from release.plan.judgement_notes import limits
from release.state import judgement_record
from release.state.deployment import Deployment
from release.state.live_package import package_of_config
from release.watch import promises
from release.watch.assessment import Assessment
from release.watch.live_judgement import LiveJudgement
from release.watch.promises import Promises
from release.watch.traffic import Traffic


def live_judgement(
    context: Context, deployment: Deployment, package: Mapping[str, Any], compares: bool
) -> LiveJudgement:
    """``package``: of the new fleet. Without two fleets to compare nothing is sent."""
    if not compares:
        return LiveJudgement(context, deployment, _traffic(context, []), None)
    old = context.retry(lambda: package_of_config(context, deployment.before))
    promised: dict[Fleet, Promises] = {"new": promises.read(context, package), "old": _old_promises(context, old)}
    packages: dict[Fleet, str] = {"new": short(deployment.package), "old": short(old)}
    assessment = Assessment(packages, promised, Judgement(limits(context.settings)))
    if earlier := judgement_record.read(context, deployment):
        assessment.restore(earlier.assessment)
    run = context.retry(lambda: context.client("sts").get_caller_identity())["Arn"]
    return LiveJudgement(context, deployment, _traffic(context, _mixed(promised)), assessment, run)


def _traffic(context: Context, requests: list[Request]) -> Traffic:
    rate = context.settings.rollout.bake_requests_per_second
    return Traffic(context.client("sagemaker-runtime"), context.endpoint_name, requests, rate)


def _mixed(promised: Mapping[Fleet, Promises]) -> list[Request]:
    """Both packages' in turn: no fleet gets requests that the other does not get."""
    new, old = promised["new"].requests, promised["old"].requests
    pairs = chain.from_iterable(zip_longest(new, old))
    return list(dict.fromkeys(request for request in pairs if request))


def _old_promises(context: Context, package: str) -> Promises:
    """None where the package was deleted since, or the model was made without one."""
    if not package:
        return Promises()
    try:
        sagemaker = context.client("sagemaker")
        described = context.retry(lambda: sagemaker.describe_model_package(ModelPackageName=package))
    except Exception as error:
        if is_missing(error):
            return Promises()
        raise
    return promises.read(context, described)
