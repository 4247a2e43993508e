"""The state of a stack: its definition, its resources and outputs, its events."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from localcloud.core.access.principal import Principal
from localcloud.services.cloudformation.change_set import EXECUTING, ChangeSet
from localcloud.services.cloudformation.stack_definition import StackDefinition

STACK_TYPE = "AWS::CloudFormation::Stack"
SUCCEEDED = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
DRIFT = {"StackDriftStatus": "NOT_CHECKED"}
RESOURCE_DRIFT = {"StackResourceDriftStatus": "NOT_CHECKED"}


@dataclass(eq=False)
class Resource:
    logical_id: str
    type: str
    physical_id: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)  # as last deployed
    attributes: Mapping[str, Any] = field(default_factory=dict)
    declaration: Mapping[str, Any] = field(default_factory=dict)  # its part of the template
    dependencies: frozenset[str] = frozenset()
    notes: dict[str, Any] = field(default_factory=dict)  # what its type stores
    status: str = ""
    reason: str = ""
    status_time: datetime | None = None

    def describe(self, stack: Stack, time_key: str) -> dict[str, Any]:
        description = {
            "StackName": stack.name,
            "StackId": stack.id,
            "LogicalResourceId": self.logical_id,
            "PhysicalResourceId": self.physical_id,
            "ResourceType": self.type,
            time_key: self.status_time,
            "ResourceStatus": self.status,
            "DriftInformation": RESOURCE_DRIFT,
        }
        return description | ({"ResourceStatusReason": self.reason} if self.reason else {})


@dataclass(eq=False)
class Stack:
    name: str
    id: str
    creation_time: datetime
    definition: StackDefinition
    token: str = ""  # of the request that created it
    status: str = ""
    reason: str = ""
    update_time: datetime | None = None
    deletion_time: datetime | None = None
    termination_protection: bool = False
    policy: str = ""
    resources: dict[str, Resource] = field(default_factory=dict)
    outputs: list[dict[str, str]] = field(default_factory=list)
    imports: frozenset[str] = frozenset()
    events: list[dict[str, Any]] = field(default_factory=list)
    change_sets: dict[str, ChangeSet] = field(default_factory=dict)  # not executed yet
    executed_change_set: ChangeSet | None = None  # if the last operation executed one
    operation: Future[Any] | None = None
    rollback: Callable[[Principal, Sequence[str]], None] | None = None  # continues a rollback that failed
    cancelled: bool = False  # by a reset or at shutdown: the operation in progress stops

    @property
    def exists(self) -> bool:
        return not self.deletion_time

    @property
    def in_progress(self) -> bool:
        return self.status.endswith("IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"

    @property
    def exports(self) -> dict[str, str]:
        return {output["ExportName"]: output["OutputValue"] for output in self.outputs if "ExportName" in output}

    def execution_status(self, change_set: ChangeSet) -> str:
        """A change set that is being executed follows its stack."""
        if change_set.execution != EXECUTING or self.in_progress:
            return change_set.execution
        return "EXECUTE_COMPLETE" if self.status in SUCCEEDED else "EXECUTE_FAILED"

    def add_event(
        self, time: datetime, logical_id: str, type_name: str, physical_id: str, status: str, **details: str
    ) -> None:
        event_id = str(uuid.uuid4())
        event = {
            "StackId": self.id,
            "EventId": event_id if type_name == STACK_TYPE else f"{logical_id}-{status}-{event_id}",
            "StackName": self.name,
            "LogicalResourceId": logical_id,
            "PhysicalResourceId": physical_id,
            "ResourceType": type_name,
            "Timestamp": time,
            "ResourceStatus": status,
            **{key: value for key, value in details.items() if value},
        }
        self.events.append(event)

    def summary(self) -> dict[str, Any]:
        summary: dict[str, Any] = {
            "StackId": self.id,
            "StackName": self.name,
            "TemplateDescription": self.definition.template.description,
            "CreationTime": self.creation_time,
            "LastUpdatedTime": self.update_time,
            "DeletionTime": self.deletion_time,
            "StackStatus": self.status,
            "StackStatusReason": self.reason,
            "DriftInformation": DRIFT,
        }
        return {key: value for key, value in summary.items() if value}

    def describe(self) -> dict[str, Any]:
        definition, description = self.definition, self.summary()
        description["Description"] = description.pop("TemplateDescription", None)
        description |= definition.describe_settings()
        description |= {
            "ChangeSetId": self.executed_change_set.id if self.executed_change_set else None,
            "Parameters": definition.describe_parameters(),
            "Outputs": self.outputs,
            "Tags": list(definition.tags),
            "EnableTerminationProtection": self.termination_protection,
            "DisableRollback": definition.settings.get("DisableRollback", False),
            "NotificationARNs": definition.settings.get("NotificationARNs", []),
        }
        return {key: value for key, value in description.items() if value is not None}
