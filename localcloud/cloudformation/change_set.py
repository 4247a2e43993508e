"""A change set: what a stack would become, and whether it is still good for anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from localcloud.cloudformation.stack import Stack, Wanted

EMPTY = "The submitted information didn't contain changes. Submit different information to create a change set."


@dataclass(eq=False)
class ChangeSet:
    name: str
    id: str
    stack: Stack
    wanted: Wanted
    created: datetime
    kind: str  # CREATE or UPDATE
    description: str = ""
    on_failure: str = ""
    status: str = "CREATE_COMPLETE"
    reason: str = ""
    execution: str = "AVAILABLE"
    changes: list[dict[str, Any]] = field(default_factory=list)

    def fail(self, reason: str) -> None:
        self.status, self.execution, self.reason = "FAILED", "UNAVAILABLE", reason

    def summary(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "ChangeSetId": self.id,
            "ChangeSetName": self.name,
            "StackId": self.stack.id,
            "StackName": self.stack.name,
            "CreationTime": self.created,
            "Description": self.description,
            "ExecutionStatus": self.execution,
            "Status": self.status,
            "StatusReason": self.reason,
            "IncludeNestedStacks": False,
        }
        return {key: value for key, value in told.items() if value != ""}

    def described(self) -> dict[str, Any]:
        settings = self.wanted.settings
        told = {
            name: settings[name]
            for name in ("Capabilities", "NotificationARNs", "RollbackConfiguration")
            if name in settings
        }
        told |= {
            "Parameters": [parameter.told() for parameter in self.wanted.parameters.values()],
            "Tags": list(self.wanted.tags),
            **({"OnStackFailure": self.on_failure} if self.on_failure else {}),
        }
        return self.summary() | told
