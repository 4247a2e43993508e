"""What a release would create, from the package and the settings alone: a model, a config, alarms, a dashboard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from release.call import Call
from release.kinds import serving_kind, standing_alarms
from release.kinds.dashboard import dashboard
from release.kinds.kind import Rollout
from release.plan.config_request import config
from release.plan.model_request import model
from settings.model import Settings


@dataclass(frozen=True)
class Resources:
    model: Call
    config: Call
    rollout: Rollout
    standing: tuple[Call, ...]  # alarms that stay
    dashboard: Call

    @property
    def model_name(self) -> str:
        return str(self.model.request["ModelName"])

    @property
    def config_name(self) -> str:
        return str(self.config.request["EndpointConfigName"])


def resources(settings: Settings, package_arn: str, package: Mapping[str, Any], all_at_once: bool = False) -> Resources:
    model_call = model(settings, package_arn, package)
    config_call = config(settings, model_call.request["ModelName"], package_arn, package)
    config_name = config_call.request["EndpointConfigName"]
    kind = serving_kind(settings)
    standing = standing_alarms.alarms(settings, kind.utilization)
    board = dashboard(settings, standing, kind.utilization)
    return Resources(model_call, config_call, kind.rollout(settings, config_name, all_at_once), standing, board)
