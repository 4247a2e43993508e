"""Reads what a plan is made from: the package, then the state of everything that its release would use."""

from __future__ import annotations

from release.plan.resources import resources
from release.state.current_state import Client, ResourceNames, read_package, read_state
from release.state.state import State
from settings.model import Settings


def read_inputs(settings: Settings, package_arn: str, client: Client) -> State:
    package = read_package(client, package_arn)
    needed = resources(settings, package_arn, package)
    alarms = [call.request["AlarmName"] for call in (*needed.rollout.alarms, *needed.standing)]
    dashboard = needed.dashboard.request["DashboardName"]
    names = ResourceNames(needed.model_name, needed.config_name, list(dict.fromkeys(alarms)), dashboard)
    return read_state(settings, package_arn, package, names, client)
