"""What a stack is defined by: its template, parameters, tags and settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from localcloud.services.cloudformation.parameters import Parameter
from localcloud.services.cloudformation.template import Template

SETTINGS = (
    "Capabilities",
    "RoleARN",
    "NotificationARNs",
    "RollbackConfiguration",
    "TimeoutInMinutes",
    "DisableRollback",
)


@dataclass(frozen=True)
class StackDefinition:
    template: Template
    parameters: Mapping[str, Parameter]
    tags: Sequence[Mapping[str, str]] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)

    def describe_settings(self, *names: str) -> dict[str, Any]:
        return {name: self.settings[name] for name in names or SETTINGS if name in self.settings}

    def describe_parameters(self) -> list[dict[str, str]]:
        return [parameter.describe() for parameter in self.parameters.values()]
