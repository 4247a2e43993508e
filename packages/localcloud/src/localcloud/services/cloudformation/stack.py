"""What is known of a stack: what was asked for, what is there, what happened."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from localcloud.services.cloudformation.parameters import Parameter
from localcloud.services.cloudformation.template import Template

if TYPE_CHECKING:
    from localcloud.services.cloudformation.change_set import ChangeSet

STACK = "AWS::CloudFormation::Stack"
RECORDED = (
    "Capabilities",
    "RoleARN",
    "NotificationARNs",
    "RollbackConfiguration",
    "TimeoutInMinutes",
    "DisableRollback",
)
DRIFT = {"StackDriftStatus": "NOT_CHECKED"}
RESOURCE_DRIFT = {"StackResourceDriftStatus": "NOT_CHECKED"}


@dataclass(frozen=True)
class Wanted:
    """What a create, an update or a change set asks for."""

    template: Template
    parameters: Mapping[str, Parameter]
    tags: Sequence[Mapping[str, str]] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(eq=False)
class Resource:
    logical_id: str
    type: str
    physical_id: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)  # as they were last carried out
    attributes: Mapping[str, Any] = field(default_factory=dict)
    said: Mapping[str, Any] = field(default_factory=dict)  # its part of the template
    depends: frozenset[str] = frozenset()
    notes: dict[str, Any] = field(default_factory=dict)
    status: str = ""
    reason: str = ""
    changed: datetime | None = None

    def told(self, stack: Stack, time_key: str) -> dict[str, Any]:
        told = {
            "StackName": stack.name,
            "StackId": stack.id,
            "LogicalResourceId": self.logical_id,
            "PhysicalResourceId": self.physical_id,
            "ResourceType": self.type,
            time_key: self.changed,
            "ResourceStatus": self.status,
            "DriftInformation": RESOURCE_DRIFT,
        }
        return told | ({"ResourceStatusReason": self.reason} if self.reason else {})


@dataclass(eq=False)
class Stack:
    name: str
    id: str
    created: datetime
    wanted: Wanted
    token: str = ""  # of the request that made it
    status: str = ""
    reason: str = ""
    updated: datetime | None = None
    deleted: datetime | None = None
    protected: bool = False
    policy: str = ""
    resources: dict[str, Resource] = field(default_factory=dict)
    outputs: list[dict[str, str]] = field(default_factory=list)
    imports: frozenset[str] = frozenset()
    events: list[dict[str, Any]] = field(default_factory=list)
    change_sets: dict[str, ChangeSet] = field(default_factory=dict)  # that may still be executed
    executed: ChangeSet | None = None  # when the last operation was that of a change set
    work: Future[Any] | None = None
    rollback: Callable[[Sequence[str]], None] | None = None  # goes on with one that failed
    stopped: bool = False  # forgotten by a reset, or to be deleted: what is under way goes no further

    @property
    def alive(self) -> bool:
        return not self.deleted

    @property
    def busy(self) -> bool:
        return self.status.endswith("IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"

    @property
    def exports(self) -> dict[str, str]:
        return {each["ExportName"]: each["OutputValue"] for each in self.outputs if "ExportName" in each}

    def happened(
        self, now: datetime, logical_id: str, kind: str, physical_id: str, status: str, reason: str = "", **more: str
    ) -> dict[str, Any]:
        event = {
            "StackId": self.id,
            "EventId": f"{logical_id}-{status}-{uuid.uuid4()}" if kind != STACK else str(uuid.uuid4()),
            "StackName": self.name,
            "LogicalResourceId": logical_id,
            "PhysicalResourceId": physical_id,
            "ResourceType": kind,
            "Timestamp": now,
            "ResourceStatus": status,
            **({"ResourceStatusReason": reason} if reason else {}),
            **{key: value for key, value in more.items() if value},
        }
        self.events.append(event)
        return event

    def summary(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "StackId": self.id,
            "StackName": self.name,
            "TemplateDescription": self.wanted.template.description,
            "CreationTime": self.created,
            "LastUpdatedTime": self.updated,
            "DeletionTime": self.deleted,
            "StackStatus": self.status,
            "StackStatusReason": self.reason,
            "DriftInformation": DRIFT,
        }
        return {key: value for key, value in told.items() if value}

    def described(self) -> dict[str, Any]:
        wanted, told = self.wanted, self.summary()
        told["Description"] = told.pop("TemplateDescription", None)
        told |= {name: wanted.settings[name] for name in RECORDED if name in wanted.settings}
        told |= {
            "ChangeSetId": self.executed.id if self.executed else None,
            "Parameters": [parameter.told() for parameter in wanted.parameters.values()],
            "Outputs": self.outputs,
            "Tags": list(wanted.tags),
            "EnableTerminationProtection": self.protected,
            "DisableRollback": wanted.settings.get("DisableRollback", False),
            "NotificationARNs": wanted.settings.get("NotificationARNs", []),
        }
        return {key: value for key, value in told.items() if value is not None}
