"""The plan of a release, as data: settings and state in, the exact requests out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from aws.quotas import UNREAD
from release import judgement_alarms
from release.call import Call
from release.kinds import serving_kind
from release.kinds.kind import Capacity, Rollout, TrafficShift
from release.names import short, tags
from release.plan import judgement_notes
from release.plan.alarm_definition import same
from release.plan.render import render
from release.plan.resources import Resources, resources
from release.scaling_target import deregister
from release.state.state import State
from settings.model import Settings

Change = Literal["first", "update", "unchanged", "resume"]
APPROVED = "approved"  # the tag of an archive that the hosting role may read: see foundation.yml


@dataclass(frozen=True)
class Plan:
    """``calls`` in their order, then wait for the endpoint, then ``after``. Both may hold something even when the
    endpoint itself is unchanged: an alarm or a scaling policy that is missing or different is corrected."""

    package_arn: str
    endpoint: str
    config_name: str
    model_name: str
    change: Change
    shifts: bool  # does traffic move from an old fleet to a new one
    calls: tuple[Call, ...]
    after: tuple[Call, ...]
    alarm_names: tuple[str, ...]  # those that take this release back
    traffic_shift: TrafficShift
    notes: tuple[str, ...] = ()  # sentences that belong to no call

    @property
    def starts(self) -> bool:
        """Does it begin a deployment? Otherwise there is one already, or nothing to deploy."""
        return self.change in ("first", "update")

    @property
    def replaces(self) -> bool:
        """Is autoscaling taken off before and put on again after, so that the instance type can change?"""
        return self.starts and any(call.operation == "deregister_scalable_target" for call in self.calls)

    @property
    def title(self) -> str:
        what, where = f"package {short(self.package_arn)}", f"endpoint {self.endpoint}"
        return {
            "first": f"{what} makes the new {where}: a first deployment, nothing is shifted",
            "update": f"{what} takes over {where}",
            "unchanged": f"{what} is live on {where} already: the endpoint stays as it is",
            "resume": f"{what} is being deployed to {where} already: this run follows it to its end",
        }[self.change]

    def render(self) -> str:
        """What --plan prints."""
        return render(self.title, self.notes, self.calls, self.after)


def plan(settings: Settings, state: State, *, all_at_once: bool = False, replace: bool = False) -> Plan:
    """Refuses only kinds of serving without an endpoint; ``preflight`` decides whether the deployment may begin."""
    kind = serving_kind(settings)
    needed = resources(settings, state.package_arn, state.package, all_at_once)
    change = _change(state, needed.config_name)
    shifts = change == "update" or (change == "resume" and state.status == "Updating")
    temporary = () if shifts else judgement_alarms.names(needed.config_name)
    replaces = replace and change == "update" and kind.blocked_by_scaling(settings, state)
    return Plan(
        package_arn=state.package_arn,
        endpoint=settings.endpoint_name,
        config_name=needed.config_name,
        model_name=needed.model_name,
        change=change,
        shifts=shifts,
        calls=tuple(_calls(settings, state, needed, change, replaces)),
        after=(*kind.scaling(settings, state, recreate=replaces), *_monitoring(state, needed)),
        alarm_names=tuple(name for name in needed.rollout.rollback_alarms if name not in temporary),
        traffic_shift=needed.rollout.traffic_shift,
        notes=(
            *needed.rollout.notes,
            *_judgement_notes(settings, state, needed, change),
            *_storage_notes(settings, kind.capacity(settings)),
            *_quota_notes(state),
        ),
    )


def _judgement_notes(settings: Settings, state: State, needed: Resources, change: Change) -> tuple[str, ...]:
    if change not in ("first", "update") or not serving_kind(settings).compares_fleets:
        return ()
    return tuple(judgement_notes.notes(settings, state, needed.rollout.traffic_shift, change == "first"))


def _storage_notes(settings: Settings, capacity: Capacity) -> tuple[str, ...]:
    if not settings.network.kms_key_id or capacity.takes_key:
        return ()
    instance_type = capacity.variant["InstanceType"]
    return (f"{instance_type} has local disks, which its hardware encrypts: no key is sent for its storage",)


def _quota_notes(state: State) -> tuple[str, ...]:
    return (UNREAD,) if state.quotas is None else ()


def _change(state: State, config_name: str) -> Change:
    if state.endpoint is None:
        return "first"
    if state.pending_config == config_name:
        return "resume"
    return "unchanged" if (state.status, state.live_config) == ("InService", config_name) else "update"


def _calls(settings: Settings, state: State, needed: Resources, change: Change, replaces: bool) -> list[Call]:
    calls = [call for call in needed.rollout.alarms if _differs(state, call)]
    if change in ("first", "update"):
        calls = [*_mark(state), *_missing(state, needed), *calls]
    if change == "update":
        calls += needed.rollout.judgement_alarms
    if replaces:
        calls.append(deregister(settings, "AWS changes no instance type under it; it comes back at the end"))
    if change == "first":
        calls.append(_create(settings, state, needed.config_name))
    elif change == "update":
        calls.append(_update(settings, state, needed.config_name, needed.rollout))
    return calls


def _differs(state: State, alarm: Call) -> bool:
    return not same(alarm.request, state.definitions.get(alarm.request["AlarmName"], {}))


def _mark(state: State) -> list[Call]:
    """Preflight has compared its content. Hosting may load only what has this tag: what is written over it has none."""
    archive = state.archive
    if archive is None or not archive.sha256:
        return []
    request = {"Bucket": archive.bucket, "Key": archive.key}
    request |= {"VersionId": archive.version} if archive.version else {}
    package = short(state.package_arn)
    tagging = {"TagSet": [{"Key": APPROVED, "Value": package}]}
    sentence = f"archive {archive.uri}: the one that package {package} was evaluated with, which models may load"
    return [Call("s3", "put_object_tagging", {**request, "Tagging": tagging}, sentence)]


def _monitoring(state: State, needed: Resources) -> Iterator[Call]:
    """What stays when the release is over: alarms that notify, and the dashboard."""
    sent_before = [call.request["AlarmName"] for call in needed.rollout.alarms]
    yield from (
        call for call in needed.standing if call.request["AlarmName"] not in sent_before and _differs(state, call)
    )
    body = needed.dashboard.request["DashboardBody"]
    if not state.dashboard or json.loads(state.dashboard) != json.loads(body):
        yield needed.dashboard


def _missing(state: State, needed: Resources) -> list[Call]:
    calls = ((needed.model, needed.model_name), (needed.config, needed.config_name))
    return [call for call, name in calls if name not in state.existing]


def _create(settings: Settings, state: State, config_name: str) -> Call:
    request = {
        "EndpointName": settings.endpoint_name,
        "EndpointConfigName": config_name,
        "Tags": tags(settings, state.package_arn, state.package),
    }
    sentence = f"endpoint {settings.endpoint_name} on {config_name}: there is no old fleet, so nothing is shifted"
    return Call("sagemaker", "create_endpoint", request, sentence)


def _update(settings: Settings, state: State, config_name: str, rollout: Rollout) -> Call:
    names = {"EndpointName": settings.endpoint_name, "EndpointConfigName": config_name}
    request: dict[str, Any] = {**names, **rollout.parameters}
    sentence = f"endpoint {settings.endpoint_name} from {state.live_config} to {config_name}: {rollout.sentence}"
    return Call("sagemaker", "update_endpoint", request, sentence)
