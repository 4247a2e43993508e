"""May this deployment begin? Every reason against it, each with what to do; a refusal now costs nothing.

A plan that begins no deployment (unchanged, or one that is under way already) is never refused.
"""

from __future__ import annotations

from collections.abc import Iterator

from aws import quotas
from release.kinds import serving_kind
from release.names import VARIANT, watches_new_fleet
from release.plan.plan import Plan
from release.state.state import State
from settings.errors import Problem
from settings.model import Settings

DELETE = "take it down with --delete, then deploy again"
ROLLBACK_FAILED = "UpdateRollbackFailed"  # it serves, with instances of both fleets: one update at once is the way out
REPAIR = "--rollback --now repairs it; if AWS refuses that, take it down with --delete, then deploy again"
TRANSITIONAL = ("Creating", "Updating", "SystemUpdating", "RollingBack")  # they end without a release
NOT_IN_SERVICE = {
    "Creating": "another deployment is under way, to {config}: wait until it has ended, then deploy again",
    "Updating": "another deployment is under way, to {config}: wait until it has ended, then deploy again",
    "SystemUpdating": "AWS is maintaining it: wait until it is InService, then deploy again",
    "RollingBack": "another deployment is being taken back: wait until it is InService, then deploy again",
    "Deleting": "it is being deleted: wait until it is gone, then deploy again",
    "Failed": f"it could not be created ({{reason}}): {DELETE}",
    "UpdateRollbackFailed": f"a deployment could be neither finished nor taken back ({{reason}}): {REPAIR}",
    "OutOfService": f"it takes no requests and no update: {DELETE}",
}


def check(settings: Settings, state: State, plan: Plan) -> None:
    """Raises one Problem with all reasons."""
    reasons = list(problems(settings, state, plan)) if plan.starts else []
    if len(reasons) > 1:
        raise Problem(f"{len(reasons)} reasons not to deploy:\n  " + "\n  ".join(reasons))
    if reasons:
        raise Problem(reasons[0])


def check_later(settings: Settings, state: State, plan: Plan) -> str:
    """For a deployment that runs later: returns a note on what ends without a release until then, and does not refuse
    it for that."""
    if not plan.starts or state.status not in TRANSITIONAL:
        check(settings, state, plan)
        return ""
    if reasons := list(_package(settings, state)):
        raise Problem("\n  ".join(reasons))
    return f"endpoint {settings.endpoint_name} is {state.status}: the release plans again when that has ended"


def problems(settings: Settings, state: State, plan: Plan) -> Iterator[str]:
    yield from _package(settings, state)
    if state.endpoint is not None:
        yield from _endpoint(settings, state, plan)
    yield from _alarms(settings, state, plan)
    yield from _quota(settings, state, plan)


def _quota(settings: Settings, state: State, plan: Plan) -> Iterator[str]:
    peak = serving_kind(settings).peak(settings, state, plan.traffic_shift)
    if peak and (sentence := quotas.shortage(quotas.endpoint_quota(peak[0]), peak[1], state.quotas or {})):
        yield sentence


def _package(settings: Settings, state: State) -> Iterator[str]:
    arn, package = state.package_arn, state.package
    if not package:
        yield f"there is no model package {arn}: check the ARN, and that it is of {settings.aws.region}"
        return
    approval, status = package.get("ModelApprovalStatus"), package.get("ModelPackageStatus")
    group = str(package.get("ModelPackageGroupName", "")).rsplit("/", 1)[-1]
    if group != settings.project.group:
        expected = f"{settings.project.group} (project.group)"
        yield f"the package {arn} is of the group {group or '(none)'}, not of {expected}: deploy one of that group"
    if approval != "Approved":
        yield f"the package {arn} is {approval or 'not approved'}: have it approved in the registry, then deploy again"
    if status != "Completed":
        yield f"the package {arn} is {status}, not Completed: register the model again"
    yield from _archive(state)
    if state.image_exists is False:
        yield f"the image of the package {arn} is not in its repository: push it again, or register the model again"


def _archive(state: State) -> Iterator[str]:
    """A job of another run may have overwritten it after it was evaluated and approved."""
    arn, archive = state.package_arn, state.archive
    if archive is None:
        yield f"the artifact of the package {arn} is not where the package says: register the model again"
        return
    evaluated = str(state.package.get("CustomerMetadataProperties", {}).get("model_sha256", ""))
    if not evaluated:
        yield f"the package {arn} does not say which archive was evaluated (model_sha256): register the model again"
    elif archive.sha256 != evaluated:
        hashes = f"its SHA-256 is {archive.sha256[:12] or '(that of no single file)'}, not {evaluated[:12]}"
        details = "; ".join(filter(None, (hashes, archive.written)))
        what = f"the archive {archive.uri} is not the one of the package {arn} that was evaluated and approved"
        remedy = "find out who wrote it, then restore the version before it or register the model again"
        yield f"{what} ({details}): {remedy}"


def _endpoint(settings: Settings, state: State, plan: Plan) -> Iterator[str]:
    name, shift = settings.endpoint_name, plan.traffic_shift
    if state.status != "InService" and not (state.status == ROLLBACK_FAILED and shift.strategy == "all_at_once"):
        reason = " ".join((state.endpoint or {}).get("FailureReason", "").split()) or "no reason given"
        remedy = NOT_IN_SERVICE.get(state.status, "wait until it is InService, then deploy again")
        remedy = remedy.format(config=state.pending_config or state.live_config, reason=reason)
        yield f"endpoint {name} is {state.status}: {remedy}"
        return
    if state.config is None:
        yield f"the config {state.live_config} of endpoint {name} was deleted: AWS cannot update it now; {DELETE}"
        return
    yield from _variants(settings, state)
    yield from serving_kind(settings).problems(settings, state, shift, plan.replaces)


def _variants(settings: Settings, state: State) -> Iterator[str]:
    """What an update can never change."""
    name = settings.endpoint_name
    variants = [variant["VariantName"] for variant in (state.config or {}).get("ProductionVariants", [])]
    if variants != [VARIANT]:
        names = ", ".join(variants)
        yield f"endpoint {name} has the variants {names} instead of {VARIANT}: it was made by something else; {DELETE}"
    if live := serving_kind(settings).mismatch(state.live_variant):
        setting = f'serving.kind = "{settings.serving.kind}"'
        why = "AWS makes no endpoint on instances serverless, and the other way has no way back"
        yield f"endpoint {name} is {live} and {setting}: {why}; {DELETE}"


def _alarms(settings: Settings, state: State, plan: Plan) -> Iterator[str]:
    """A first deployment has none: there is no old fleet to go back to."""
    for name in plan.alarm_names if plan.shifts else ():
        if state.alarms.get(name) == "ALARM":
            remedy = "find out why and wait until it is OK"
            if not watches_new_fleet(plan.config_name, name):
                remedy += "; in an emergency --now deploys without it, watched by the new fleet's own alarms"
            yield f"the alarm {name} is in ALARM, so the deployment would be taken back at once: {remedy}"
        if name in settings.alarms.extra and name not in state.alarms:
            unknown = "is no metric alarm of this account: create it, or remove it from the settings"
            yield f'{settings.file}: alarms.extra: "{name}" {unknown}'
