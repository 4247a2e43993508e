"""A deployment from its first call to its verdict: begin, follow, judge. It continues where another run ended."""

from __future__ import annotations

from contextlib import suppress

from release import judgement_alarms
from release.context import Context
from release.execute.execute import execute
from release.judge import compares, is_guarded_here, judge_deployment, read
from release.kinds.kind import at_once
from release.plan.plan import Plan
from release.state import alarm_history
from release.state.deployment import Deployment
from release.state.endpoint import EndpointStatus
from release.state.lease import Lease
from release.state.state import State
from release.verdict.conclude import restore_scaling
from release.verdict.verdict import Verdict
from release.watch.clock import Deadline
from release.watch.command_guard import CommandGuard
from release.watch.known_traffic import live_judgement
from release.watch.late_traffic import send_late_traffic
from release.watch.live_judgement import LiveJudgement
from release.watch.table import view
from release.watch.watch import Watch
from settings.errors import Problem

MOVES = ("deregister_scalable_target", "update_endpoint")  # the endpoint is as before until the first of them
LONGEST_WAIT = 900  # by AWS's clock, for the judgement's alarms to be OK: metrics arrive late


def deploy(context: Context, lease: Lease, state: State, plan: Plan, deployment: Deployment) -> Verdict:
    lease.record(deployment)
    live = live_judgement(context, deployment, state.package, compares(context, deployment))
    with live:
        _begin(context, lease, deployment, plan, live)
        with view(context.say) as shown:
            endpoint = Watch(context, deployment, plan.traffic_shift, live, shown, lease.check).follow()
        if is_guarded_here(context, deployment) and (endpoint.status, endpoint.config) == (
            "InService",
            deployment.config,
        ):
            endpoint = _guard(context, lease, state, deployment)
        if (endpoint.status, endpoint.config) == ("InService", deployment.config):
            execute(plan.after, context, lease.check)
            endpoint = send_late_traffic(context, deployment, live, lease.check)
        live.finish(endpoint)
    if live.counts.sent:
        context.say(f"known requests: {live.counts}")
    return judge_deployment(context, lease, deployment, endpoint)


def judge_live(context: Context, lease: Lease, state: State, deployment: Deployment) -> Verdict:
    """Of a deployment that is live and undecided: on more requests."""
    if is_guarded_here(context, deployment):
        return judge_deployment(context, lease, deployment, _guard(context, lease, state, deployment))
    with live_judgement(context, deployment, state.package, compares(context, deployment)) as live:
        endpoint = send_late_traffic(context, deployment, live, lease.check)
        live.finish(endpoint)
    return judge_deployment(context, lease, deployment, endpoint)


def _guard(context: Context, lease: Lease, state: State, deployment: Deployment) -> EndpointStatus:
    seconds = at_once(context.settings).termination_wait_seconds
    with view(context.say) as shown:
        return CommandGuard(context, deployment, state.package, seconds, shown, lease.check).judge()


def _begin(context: Context, lease: Lease, deployment: Deployment, plan: Plan, live: LiveJudgement) -> None:
    try:
        moves = [at for at, call in enumerate(plan.calls) if call.operation in MOVES]
        first = moves[0] if moves else len(plan.calls)
        execute(plan.calls[:first], context, lease.check)
        if moves:
            _wait_for_alarms(context, lease, deployment, live)
        execute(plan.calls[first:], context, lease.check)
    except Exception:
        if plan.replaces:
            with suppress(Exception):  # the error that stopped the deployment is raised, and may stop this as well
                restore_scaling(context, lease, deployment)
        raise


def _wait_for_alarms(context: Context, lease: Lease, deployment: Deployment, live: LiveJudgement) -> None:
    """SageMaker takes a deployment back at once when one of its alarms is not OK: here, when data is still missing.

    The old fleet is recorded meanwhile: it may have no traffic any more later. A rollback does not wait for that: what
    it leaves may not answer at all.
    """
    names, deadline = judgement_alarms.names(deployment.config), Deadline(LONGEST_WAIT)
    if not set(names) <= set(deployment.alarms):
        return
    while True:
        lease.check()
        endpoint = read(context)
        late = deadline.passed(endpoint.at)
        live.look(endpoint, drive=True)
        states = context.retry(lambda: alarm_history.states(context.client("cloudwatch"), names))
        ready = all(states.get(name) == "OK" for name in names)
        if ready and (deployment.known_good or live.knows_old or late):
            return
        if late:
            minutes = deadline.elapsed(endpoint.at) / 60
            raise Problem(
                f"the alarms of the judgement are not OK after {minutes:.0f} minutes ({states}): the deployment "
                "did not begin; look at them in the CloudWatch console, then run it again"
            )
        context.sleep(context.timing.first_poll)
