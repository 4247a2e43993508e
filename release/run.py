"""One release: state -> plan -> execute -> watch -> verdict. It continues where an earlier run was interrupted."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from release import samples
from release.context import Context
from release.execute.execute import execute
from release.kinds import serving_kind
from release.plan.inputs import read_inputs
from release.plan.plan import Plan, plan
from release.plan.preflight import check
from release.request import ReleaseRequest
from release.state import alarm_history, verdict_records
from release.state.aws_time import parse
from release.state.deployment import Deployment
from release.state.endpoint import EndpointStatus, read_endpoint
from release.state.lease import Lease
from release.state.state import State
from release.state.verdict_records import VerdictRecord
from release.verdict import comparison
from release.verdict.conclude import conclude, conclude_accepted, finish, restore_scaling
from release.verdict.standing import accepted, continued, has_new_evidence, judged_again, repeat, repeats
from release.verdict.verdict import Observation, Verdict, judge
from release.watch.late_traffic import send_late_traffic
from release.watch.table import FleetsTable, PlainLines
from release.watch.traffic import Traffic
from release.watch.watch import Watch, read_both_fleets

Choose = Callable[[Deployment | None], ReleaseRequest]


def make_plan(context: Context, request: ReleaseRequest) -> tuple[State, Plan]:
    """Only reads."""
    state = context.retry(lambda: read_inputs(context.settings, request.package, context.client))
    return state, plan(context.settings, state, all_at_once=request.all_at_once, replace=request.replace)


def release(context: Context, choose: Choose) -> Verdict:
    """``choose`` is called once nobody else can deploy, with the deployment that has no verdict yet."""
    with Lease(context) as lease:
        request = choose(lease.deployment)
        earlier = lease.deployment
        verdict = _judge_earlier(context, lease, earlier, request) if earlier else None
        if verdict and earlier and earlier.package == request.package:
            return verdict
        return _release(context, lease, request)


def _judge_earlier(context: Context, lease: Lease, earlier: Deployment, request: ReleaseRequest) -> Verdict | None:
    """The verdict of an interrupted run's deployment that has ended meanwhile; None when there is none to give."""
    record = verdict_records.of_deployment(context, earlier)
    if record and record.acceptance:  # by a command that was interrupted right after it
        lease.record(None)
        return None
    endpoint = _endpoint(context)
    arrived = (endpoint.status, endpoint.config) == ("InService", earlier.config)
    if endpoint.changing or (arrived and earlier.package == request.package):
        return None  # this run follows it, or finishes it
    if not arrived and not _was_sent(context, earlier, endpoint):
        lease.record(None)
        return None
    context.say(f"an earlier deployment, of {earlier.package}, has ended and has no verdict yet")
    verdict = _judge(context, lease, earlier, endpoint)
    context.say(str(verdict))
    return verdict


def _was_sent(context: Context, deployment: Deployment, endpoint: EndpointStatus) -> bool:
    """Another change of the endpoint (its scaling) looks like a deployment that was sent, but fires no alarm."""
    if (endpoint.config, endpoint.modified) == (deployment.before, deployment.modified):
        return False
    return endpoint.status != "InService" or bool(_alarm_events(context, deployment)) or bool(endpoint.failure)


def standing_verdict(context: Context, release_plan: Plan, request: ReleaseRequest) -> Verdict | None:
    """The one that the release would repeat instead of deploying anything."""
    record = _last_verdict(context, release_plan, request)
    return repeat(record) if record and repeats(record, release_plan.change == "unchanged") else None


def _last_verdict(context: Context, release_plan: Plan, request: ReleaseRequest) -> VerdictRecord | None:
    """None for a deployment that is under way, which gets its own, and for a rollback, which a person decides."""
    if request.known_good or release_plan.change == "resume":
        return None
    return verdict_records.latest(context, request.package, release_plan.config_name)


def _release(context: Context, lease: Lease, request: ReleaseRequest) -> Verdict:
    state, release_plan = make_plan(context, request)
    earlier = lease.deployment if lease.deployment and lease.deployment.config == release_plan.config_name else None
    record = None if earlier else _last_verdict(context, release_plan, request)
    if record and repeats(record, release_plan.change == "unchanged"):
        return repeat(record)
    check(context.settings, state, release_plan)
    for note in (release_plan.title, *release_plan.notes):
        context.say(note)
    if release_plan.change == "unchanged":
        return _leave_unchanged(context, lease, state, release_plan, earlier, record)
    if record and record.acceptance:
        context.say(f"its last verdict ({record.outcome}: {record.reason}) was {record.acceptance}")
    resumed = earlier if release_plan.change == "resume" else None
    deployment = resumed or _new_deployment(context, release_plan, request)
    return _deploy(context, lease, state, release_plan, deployment, resumed is not None)


def _deploy(
    context: Context, lease: Lease, state: State, release_plan: Plan, deployment: Deployment, resumed: bool
) -> Verdict:
    lease.record(deployment)
    _begin(context, lease, deployment, release_plan)
    make_traffic = _traffic(context, state, deployment)
    endpoint = _follow(context, lease, deployment, release_plan, make_traffic())
    if (endpoint.status, endpoint.config) == ("InService", deployment.config):
        execute(release_plan.after, context, lease.check)
        if resumed or _was_idle(context, deployment, endpoint):
            endpoint = send_late_traffic(context, deployment, make_traffic(), lease.check)
    return _judge(context, lease, deployment, endpoint)


def _leave_unchanged(
    context: Context,
    lease: Lease,
    state: State,
    release_plan: Plan,
    earlier: Deployment | None,
    record: VerdictRecord | None,
) -> Verdict:
    execute((*release_plan.calls, *release_plan.after), context, lease.check)
    if record and record.acceptance:
        conclude_accepted(context, lease, record)
        return accepted(record)
    undecided = earlier or (record.deployment if record and not record.final else None)
    if undecided is None:
        live = f"{release_plan.package_arn} is live on {context.endpoint_name} already, on {release_plan.config_name}"
        return Verdict("unchanged", live)
    traffic = _traffic(context, state, undecided)()
    return _judge(context, lease, undecided, send_late_traffic(context, undecided, traffic, lease.check))


def _begin(context: Context, lease: Lease, deployment: Deployment, release_plan: Plan) -> None:
    try:
        execute(release_plan.calls, context, lease.check)
    except Exception:
        if release_plan.replaces:
            with suppress(Exception):  # the error that stopped the deployment is raised, and may stop this as well
                restore_scaling(context, lease, deployment)
        raise


def _was_idle(context: Context, deployment: Deployment, endpoint: EndpointStatus) -> bool:
    """Had the new fleet too few requests to be judged? The rollout may have ended between two polls."""
    if not _compares(context, deployment):
        return False
    green, _ = context.retry(lambda: read_both_fleets(context, deployment, endpoint.at))
    return green.requests < context.settings.alarms.traffic_floor


def _compares(context: Context, deployment: Deployment) -> bool:
    return deployment.shifts and serving_kind(context.settings).compares_fleets


def _endpoint(context: Context) -> EndpointStatus:
    return context.retry(lambda: read_endpoint(context.client("sagemaker"), context.endpoint_name))


def _new_deployment(context: Context, release_plan: Plan, request: ReleaseRequest) -> Deployment:
    endpoint = _endpoint(context)
    resumed = release_plan.change == "resume"
    return Deployment(
        package=request.package,
        config=release_plan.config_name,
        model=release_plan.model_name,
        before="" if endpoint.status == "Creating" else endpoint.config,
        modified="" if resumed else endpoint.modified,
        since=endpoint.modified if resumed else endpoint.at.isoformat(),
        shifts=release_plan.shifts,
        alarms=release_plan.alarm_names,
        known_good=request.known_good,
        leaves=request.leaves,
    )


def _follow(
    context: Context, lease: Lease, deployment: Deployment, release_plan: Plan, traffic: Traffic
) -> EndpointStatus:
    with _view(context) as view, traffic:
        endpoint = Watch(context, deployment, release_plan.traffic_shift, traffic, view, lease.check).follow()
    if traffic.counts.sent:
        context.say(f"bake traffic: {traffic.counts}")
    return endpoint


def _traffic(context: Context, state: State, deployment: Deployment) -> Callable[[], Traffic]:
    """A factory, as each Traffic runs once; the recorded requests are read once, and only to compare two fleets."""
    bodies = samples.read(context, state.package).bodies() if _compares(context, deployment) else []
    rate = context.settings.rollout.bake_requests_per_second
    return lambda: Traffic(context.client("sagemaker-runtime"), context.endpoint_name, bodies, rate)


def _view(context: Context) -> Any:
    if not sys.stdout.isatty():
        return PlainLines(context.say)
    from rich.console import Console

    return FleetsTable(Console())


def _judge(context: Context, lease: Lease, deployment: Deployment, endpoint: EndpointStatus) -> Verdict:
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
    compared = None
    if _compares(context, deployment):
        green, blue = read_both_fleets(context, deployment, endpoint.at)
        compared = comparison.compare(green, blue, context.settings.alarms)
    states = alarm_history.states(context.client("cloudwatch"), deployment.alarms)
    events = _alarm_events(context, deployment)
    return Observation(endpoint.status, endpoint.config, endpoint.failure, events, states, compared)


def _alarm_events(context: Context, deployment: Deployment) -> tuple[alarm_history.AlarmEvent, ...]:
    return alarm_history.alarm_events(context.client("cloudwatch"), deployment.alarms, parse(deployment.since))
