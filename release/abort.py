"""``--abort "reason"``: a person has the deployment under way taken back, through the alarm of its judgement.

The run that follows it goes on publishing the failure and gives the verdict; without one this command publishes until
the endpoint goes back, and ``--package`` gives the verdict. A deployment that SageMaker does not guard (serverless) is
taken back by the run that follows it, or by the next ``--package``.
"""

from __future__ import annotations

from aws.response_time import response_time
from release import judgement_alarms
from release.context import Context
from release.execute.publication import publish
from release.judge import is_guarded_here, read
from release.state import judgement_record, lease
from release.state.aws_time import as_text
from release.state.deployment import Deployment
from release.state.judgement_record import Abort
from settings.errors import Problem


def abort(context: Context, reason: str) -> str:
    """Returns what was aborted, when the endpoint has left Updating."""
    deployment = _deployment(context)
    response = context.retry(lambda: context.client("sts").get_caller_identity())
    record = Abort(response["Arn"], as_text(response_time(response)), reason)
    judgement_record.write_abort(context, deployment, record)
    if is_guarded_here(context, deployment):
        return f"{deployment.package} is {record}: the run that follows it takes it back, or --package if there is none"
    context.say(f"{deployment.package} is {record}; waiting for SageMaker to take it back")
    while (endpoint := read(context)).status == "Updating":
        context.retry(lambda: publish(context, deployment, failed=True))
        context.sleep(context.timing.first_poll)
    if endpoint.config == deployment.config and not endpoint.changing:
        raise Problem(f"it came too late: {deployment.package} is live; --rollback brings the last good one back")
    return f"taken back: the endpoint is {endpoint.stage}; the run that follows it, or --package, gives the verdict"


def _deployment(context: Context) -> Deployment:
    deployment, _ = lease.read(context)
    status, name = read(context).status, context.endpoint_name
    guarded_here = deployment is not None and is_guarded_here(context, deployment)
    if deployment is None or not (status == "Updating" or (guarded_here and status == "InService")):
        raise Problem(f"there is nothing to abort: endpoint {name} is {status or 'missing'}, and no deployment bakes")
    if not guarded_here and not judgement_alarms.watched(deployment.alarms, deployment.config):
        raise Problem(f"{deployment.package} has no guardrail, so nothing takes it back: wait until it is InService")
    return deployment
