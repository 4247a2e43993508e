"""The verdict of a deployment that has ended: what was observed, the verdict, and what follows from it."""

from __future__ import annotations

from release.context import Context
from release.judgement_alarms import unjudged_alarm
from release.kinds import serving_kind
from release.state import alarm_history, judgement_record, verdict_records
from release.state.aws_time import parse
from release.state.deployment import Deployment
from release.state.endpoint import EndpointStatus, read_endpoint
from release.state.lease import Lease
from release.verdict.conclude import conclude, finish
from release.verdict.standing import continued, has_new_evidence, judged_again, repeat
from release.verdict.verdict import Observation, Verdict, judge
from release.watch.take_back import take_back


def judge_earlier(context: Context, lease: Lease, earlier: Deployment, package: str) -> Verdict | None:
    """The verdict of an interrupted run's deployment that has ended meanwhile; None when there is none to give.
    ``package``: the one that this run releases."""
    record = verdict_records.of_deployment(context, earlier)
    if record and record.acceptance:  # by a command that was interrupted right after it
        lease.record(None)
        return None
    endpoint = read(context)
    if endpoint.changing and endpoint.pending == earlier.before and _has_failed(context, earlier):
        context.say(f"an earlier run takes {earlier.package} back: waiting for that")
        endpoint = take_back(context, earlier, lease.check)
    arrived = (endpoint.status, endpoint.config) == ("InService", earlier.config)
    if endpoint.changing or (arrived and earlier.package == package):
        return None  # this run follows it, or finishes it
    if not arrived and not _was_sent(context, earlier, endpoint):
        lease.record(None)
        return None
    context.say(f"an earlier deployment, of {earlier.package}, has ended and has no verdict yet")
    verdict = judge_deployment(context, lease, earlier, endpoint)
    context.say(str(verdict))
    return verdict


def _was_sent(context: Context, deployment: Deployment, endpoint: EndpointStatus) -> bool:
    """Another change of the endpoint (its scaling) looks like a deployment that was sent, but fires no alarm, and its
    judgement has not failed."""
    if (endpoint.config, endpoint.modified) == (deployment.before, deployment.modified):
        return False
    changed = endpoint.status != "InService" or bool(_alarm_events(context, deployment)) or bool(endpoint.failure)
    return changed or _has_failed(context, deployment)


def _has_failed(context: Context, deployment: Deployment) -> bool:
    judgement = judgement_record.read(context, deployment)
    return judgement is not None and judgement.outcome == "fail"


def judge_deployment(context: Context, lease: Lease, deployment: Deployment, endpoint: EndpointStatus) -> Verdict:
    record = verdict_records.of_deployment(context, deployment)
    if record and record.final:  # by a run that was interrupted right after it
        finish(context, lease, deployment, record.outcome, endpoint.at)
        return continued(record)
    verdict = judge(deployment, context.retry(lambda: _observe(context, deployment, endpoint)))
    if record and not has_new_evidence(record, verdict):
        return repeat(record)
    verdict = judged_again(record, verdict) if record else verdict
    conclude(context, lease, deployment, verdict, endpoint.at)
    return verdict


def _observe(context: Context, deployment: Deployment, endpoint: EndpointStatus) -> Observation:
    judged = compares(context, deployment) or is_guarded_here(context, deployment)
    judgement = judgement_record.read(context, deployment) if judged else None
    states = alarm_history.states(context.client("cloudwatch"), deployment.alarms)
    events = _alarm_events(context, deployment)
    return Observation(endpoint.status, endpoint.config, endpoint.failure, events, states, judged, judgement)


def _alarm_events(context: Context, deployment: Deployment) -> tuple[alarm_history.AlarmEvent, ...]:
    cloudwatch, unjudged = context.client("cloudwatch"), unjudged_alarm(deployment.config)
    return alarm_history.alarm_events(cloudwatch, deployment.alarms, parse(deployment.since), on_missing_data=unjudged)


def compares(context: Context, deployment: Deployment) -> bool:
    return deployment.shifts and serving_kind(context.settings).compares_fleets


def is_guarded_here(context: Context, deployment: Deployment) -> bool:
    """By this command, as SageMaker has no guardrails for this kind of serving."""
    return deployment.shifts and serving_kind(context.settings).guards_itself


def read(context: Context) -> EndpointStatus:
    return context.retry(lambda: read_endpoint(context.client("sagemaker"), context.endpoint_name))
