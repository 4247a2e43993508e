"""May this deployment begin? Every reason against it, each with what to do; a refusal now costs nothing.

A deployment that is unchanged or under way already begins nothing, so nothing is held against it.
"""

from __future__ import annotations

from collections.abc import Iterator

from release.names import VARIANT
from release.plan.alarms import of_new_fleet
from release.plan.plan import Plan, changes_instances
from release.state.state import State
from settings.errors import Problem
from settings.model import Settings

DELETE = "take it down with --delete, then deploy again"
TORN = "UpdateRollbackFailed"  # it serves, with instances of both fleets: one update at once is the way out
MEND = "--rollback --now makes it whole; if AWS refuses that, take it down with --delete, then deploy again"
MOVING = ("Creating", "Updating", "SystemUpdating", "RollingBack")  # which ends by itself
NOT_IN_SERVICE = {
    "Creating": "another deployment is under way, to {config}: wait until it has ended, then deploy again",
    "Updating": "another deployment is under way, to {config}: wait until it has ended, then deploy again",
    "SystemUpdating": "AWS is maintaining it: wait until it is InService, then deploy again",
    "RollingBack": "another deployment is being taken back: wait until it is InService, then deploy again",
    "Deleting": "it is being deleted: wait until it is gone, then deploy again",
    "Failed": f"it could not be created ({{reason}}): {DELETE}",
    "UpdateRollbackFailed": f"a deployment could be neither finished nor taken back ({{reason}}): {MEND}",
    "OutOfService": f"it takes no requests and no update: {DELETE}",
}


def check(settings: Settings, state: State, plan: Plan) -> None:
    """Raises one Problem with all that is wrong."""
    problems = list(problems_of(settings, state, plan)) if plan.starts else []
    if len(problems) > 1:
        raise Problem(f"{len(problems)} reasons not to deploy:\n  " + "\n  ".join(problems))
    if problems:
        raise Problem(problems[0])


def check_later(settings: Settings, state: State, plan: Plan) -> str:
    """For a deployment whose turn is yet to come: what ends by itself until then is told, and is no reason against."""
    if not plan.starts or state.status not in MOVING:
        check(settings, state, plan)
        return ""
    if problems := list(_package(settings, state)):
        raise Problem("\n  ".join(problems))
    return f"endpoint {settings.endpoint_name} is {state.status}: this is planned anew when that has ended"


def problems_of(settings: Settings, state: State, plan: Plan) -> Iterator[str]:
    yield from _package(settings, state)
    if state.endpoint is not None:
        yield from _endpoint(settings, state, plan)
    yield from _alarms(settings, state, plan)


def _package(settings: Settings, state: State) -> Iterator[str]:
    arn, package = state.package_arn, state.package
    if not package:
        yield f"there is no model package {arn}: check the ARN, and that it is of {settings.aws.region}"
        return
    approval, status = package.get("ModelApprovalStatus"), package.get("ModelPackageStatus")
    group = str(package.get("ModelPackageGroupName", "")).rsplit("/", 1)[-1]
    if group != settings.project.group:
        mine = f"{settings.project.group} (project.group)"
        yield f"the package {arn} is of the group {group or '(none)'}, not of {mine}: only that one is deployed from"
    if approval != "Approved":
        yield f"the package {arn} is {approval or 'not approved'}: have it approved in the registry, then deploy again"
    if status != "Completed":
        yield f"the package {arn} is {status}, not Completed: register the model again"
    if not state.artifact_there:
        yield f"the artifact of the package {arn} is not where the package says: register the model again"
    if state.image_there is False:
        yield f"the image of the package {arn} is not in its repository: push it again, or register the model again"


def _endpoint(settings: Settings, state: State, plan: Plan) -> Iterator[str]:
    name = settings.endpoint_name
    if state.status != "InService" and not (state.status == TORN and plan.watch.strategy == "all_at_once"):
        reason = " ".join((state.endpoint or {}).get("FailureReason", "").split()) or "no reason given"
        words = NOT_IN_SERVICE.get(state.status, "wait until it is InService, then deploy again")
        told = words.format(config=state.pending_config or state.live_config, reason=reason)
        yield f"endpoint {name} is {state.status}: {told}"
        return
    if state.config is None:
        yield f"the config {state.live_config} of endpoint {name} was deleted: AWS cannot update it now; {DELETE}"
        return
    yield from _same_shape(settings, state)
    yield from _instances(settings, state, plan)


def _same_shape(settings: Settings, state: State) -> Iterator[str]:
    """What an update can never change."""
    name = settings.endpoint_name
    variants = [variant["VariantName"] for variant in (state.config or {}).get("ProductionVariants", [])]
    if variants != [VARIANT]:
        told = ", ".join(variants)
        yield f"endpoint {name} has the variants {told} instead of {VARIANT}: it was made by something else; {DELETE}"
    serverless = "ServerlessConfig" in state.live_variant
    if serverless != (settings.serving.kind == "serverless"):
        live = "serverless" if serverless else "on instances"
        wanted = f'serving.kind = "{settings.serving.kind}"'
        yield f"endpoint {name} is {live} and {wanted}: AWS turns neither into the other; {DELETE}"


def _instances(settings: Settings, state: State, plan: Plan) -> Iterator[str]:
    if changes_instances(settings, state) and state.target is not None and not plan.replaces:
        change = f"{state.live_variant['InstanceType']} to {settings.serving.instance_type}"
        remedy = "add --replace, which takes the autoscaling off, updates, and registers it again"
        yield f"the instance type changes from {change} under autoscaling, which AWS refuses: {remedy}"
    kept = settings.serving.autoscales and state.desired_instances is not None
    count = state.desired_instances if kept else settings.serving.instance_count
    if plan.watch.strategy != "all_at_once" and count is not None and count < 2:
        remedy = "scale it to 2 or more, or deploy with --now"
        yield f"endpoint {settings.endpoint_name} has {count} instance: a {plan.watch.strategy} needs two; {remedy}"


def _alarms(settings: Settings, state: State, plan: Plan) -> Iterator[str]:
    """A first deployment is watched by none: there is no old fleet to go back to."""
    for name in plan.alarm_names if plan.shifts else ():
        if state.alarms.get(name) == "ALARM":
            remedy = "find out why and wait until it is OK"
            if not of_new_fleet(plan.config_name, name):
                remedy += "; in an emergency --now deploys without it, watched by the new fleet's own alarms"
            yield f"the alarm {name} is in ALARM, so SageMaker would take the deployment back at once: {remedy}"
        if name in settings.alarms.extra and name not in state.alarms:
            unknown = "is no metric alarm of this account: create it, or remove it from the settings"
            yield f'{settings.file}: alarms.extra: "{name}" {unknown}'
