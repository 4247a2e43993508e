"""One release: state -> plan -> execute -> watch -> verdict. It continues where an earlier run was interrupted."""

from __future__ import annotations

from collections.abc import Callable

from release.after_rollback import plan_after_rollback
from release.context import Context
from release.deploy import deploy, judge_live
from release.execute.execute import execute
from release.judge import judge_earlier, read
from release.plan.inputs import read_inputs
from release.plan.plan import Plan, plan
from release.plan.preflight import check
from release.request import ReleaseRequest
from release.state import verdict_records
from release.state.deployment import Deployment
from release.state.lease import Lease
from release.state.state import State
from release.state.verdict_records import VerdictRecord
from release.verdict.conclude import conclude_accepted
from release.verdict.standing import accepted, repeat, repeats
from release.verdict.verdict import Verdict

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
        verdict = judge_earlier(context, lease, earlier, request.package) if earlier else None
        if verdict and earlier and earlier.package == request.package:
            return verdict
        return _release(context, lease, request)


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
    state, release_plan = plan_after_rollback(context, lambda: make_plan(context, request))
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
    return deploy(context, lease, state, release_plan, resumed or _new_deployment(context, release_plan, request))


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
    return judge_live(context, lease, state, undecided)


def _new_deployment(context: Context, release_plan: Plan, request: ReleaseRequest) -> Deployment:
    endpoint = read(context)
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
