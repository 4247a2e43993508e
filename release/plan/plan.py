"""The plan of a release, as data: settings and state in, the exact requests out. Nothing here calls anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from release.call import Call
from release.kinds import check_kind, notes
from release.names import short, tags
from release.plan import alarms, render, rollout, scaling
from release.plan.config_request import config
from release.plan.model_request import model
from release.plan.rollout import Watch
from release.state.state import State
from settings.model import Settings

__all__ = ["Call", "Kind", "Plan", "Watch", "plan"]

Kind = Literal["first", "update", "unchanged", "resume"]


@dataclass(frozen=True)
class Plan:
    """``calls`` in their order, then wait for the endpoint, then ``after``. Both may hold something even when the
    endpoint itself is unchanged: an alarm or a scaling policy that is missing or different is put right."""

    package_arn: str
    endpoint: str
    config_name: str
    model_name: str
    kind: Kind
    shifts: bool  # does traffic move from an old fleet to a new one
    calls: tuple[Call, ...]
    after: tuple[Call, ...]
    alarm_names: tuple[str, ...]  # those that take this release back
    watch: Watch
    notes: tuple[str, ...] = ()  # sentences that go with no call

    @property
    def starts(self) -> bool:
        """Does it begin a deployment? Otherwise there is one already, or nothing to deploy."""
        return self.kind in ("first", "update")

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
            "resume": f"{what} is on its way to {where} already: that is followed to its end",
        }[self.kind]

    def told(self) -> str:
        """What --plan prints."""
        return render.told(self.title, self.notes, self.calls, self.after)


def plan(settings: Settings, state: State, *, all_at_once: bool = False, replace: bool = False) -> Plan:
    """Refuses only kinds of serving without an endpoint; whether it is wise to begin is preflight's question."""
    check_kind(settings)
    of_model = model(settings, state.package_arn, state.package)
    model_name = of_model.request["ModelName"]
    of_config = config(settings, model_name, state.package_arn, state.package)
    config_name = of_config.request["EndpointConfigName"]
    kind = _kind(state, config_name)
    guards = alarms.rollback_names(settings, config_name, all_at_once)
    numbers = rollout.watch(settings, all_at_once)
    replaced = replace and kind == "update" and state.target is not None and changes_instances(settings, state)
    calls = _alarms(settings, state, config_name)
    if kind in ("first", "update"):
        calls = [*_missing(state, of_model, of_config), *calls]
    if replaced:
        calls.append(scaling.deregister(settings, "AWS changes no instance type under it; it comes back at the end"))
    if kind == "first":
        calls.append(_create(settings, state, config_name))
    elif kind == "update":
        calls.append(_update(settings, state, config_name, numbers, guards))
    return Plan(
        package_arn=state.package_arn,
        endpoint=settings.endpoint_name,
        config_name=config_name,
        model_name=model_name,
        kind=kind,
        shifts=kind == "update" or (kind == "resume" and state.status == "Updating"),
        calls=tuple(calls),
        after=scaling.scaling(settings, state, anew=replaced),
        alarm_names=guards,
        watch=numbers,
        notes=notes(settings, all_at_once),
    )


def changes_instances(settings: Settings, state: State) -> bool:
    live = state.live_variant.get("InstanceType")
    return settings.serving.kind == "realtime" and live is not None and live != settings.serving.instance_type


def _kind(state: State, config_name: str) -> Kind:
    if state.endpoint is None:
        return "first"
    if state.pending_config == config_name:
        return "resume"
    return "unchanged" if (state.status, state.live_config) == ("InService", config_name) else "update"


def _missing(state: State, of_model: Call, of_config: Call) -> list[Call]:
    named = ((of_model, of_model.request["ModelName"]), (of_config, of_config.request["EndpointConfigName"]))
    return [call for call, name in named if name not in state.existing]


def _alarms(settings: Settings, state: State, config_name: str) -> list[Call]:
    return [
        call
        for call in alarms.alarms(settings, config_name)
        if not alarms.same(call.request, state.definitions.get(call.request["AlarmName"], {}))
    ]


def _create(settings: Settings, state: State, config_name: str) -> Call:
    request = {
        "EndpointName": settings.endpoint_name,
        "EndpointConfigName": config_name,
        "Tags": tags(settings, state.package_arn, state.package),
    }
    sentence = f"endpoint {settings.endpoint_name} on {config_name}: there is no old fleet, so nothing is shifted"
    return Call("sagemaker", "create_endpoint", request, sentence)


def _update(settings: Settings, state: State, config_name: str, numbers: Watch, guards: tuple[str, ...]) -> Call:
    request: dict[str, Any] = {"EndpointName": settings.endpoint_name, "EndpointConfigName": config_name}
    way = "replaced at once, no guardrails"
    if settings.serving.autoscales:  # the count is what the load wants, not what the settings began with
        request["RetainAllVariantProperties"] = True
        kept = ("DesiredWeight", "DataCaptureConfig")
        request["ExcludeRetainedVariantProperties"] = [{"VariantPropertyType": name} for name in kept]
    if settings.serving.kind == "realtime":
        request["DeploymentConfig"] = rollout.deployment_config(settings, numbers, guards)
        way = rollout.told(numbers, len(guards))
    sentence = f"endpoint {settings.endpoint_name} from {state.live_config} to {config_name}: {way}"
    return Call("sagemaker", "update_endpoint", request, sentence)
