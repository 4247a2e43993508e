"""A change set: the definition that a stack would get, the changes, and whether it can still be executed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from localcloud.services.cloudformation.stack_definition import StackDefinition

AVAILABLE, EXECUTING = "AVAILABLE", "EXECUTE_IN_PROGRESS"
EMPTY = "The submitted information didn't contain changes. Submit different information to create a change set."


@dataclass(eq=False)
class ChangeSet:
    name: str
    id: str
    stack_name: str
    stack_id: str
    definition: StackDefinition
    creation_time: datetime
    type: str  # CREATE or UPDATE
    description: str = ""
    on_failure: str = ""
    status: str = "CREATE_COMPLETE"
    reason: str = ""
    execution: str = AVAILABLE
    changes: list[dict[str, Any]] = field(default_factory=list)

    def fail(self, reason: str) -> None:
        self.status, self.execution, self.reason = "FAILED", "UNAVAILABLE", reason

    def invalidate(self) -> None:
        """The stack was updated otherwise: the changes no longer apply."""
        self.execution = "OBSOLETE" if self.execution == AVAILABLE else self.execution

    def summary(self, execution_status: str) -> dict[str, Any]:
        summary: dict[str, Any] = {
            "ChangeSetId": self.id,
            "ChangeSetName": self.name,
            "StackId": self.stack_id,
            "StackName": self.stack_name,
            "CreationTime": self.creation_time,
            "Description": self.description,
            "ExecutionStatus": execution_status,
            "Status": self.status,
            "StatusReason": self.reason,
            "IncludeNestedStacks": False,
        }
        return {key: value for key, value in summary.items() if value != ""}

    def describe(self, execution_status: str) -> dict[str, Any]:
        definition = self.definition
        return {
            **self.summary(execution_status),
            **definition.describe_settings("Capabilities", "NotificationARNs", "RollbackConfiguration"),
            "Parameters": definition.describe_parameters(),
            "Tags": list(definition.tags),
            **({"OnStackFailure": self.on_failure} if self.on_failure else {}),
        }
