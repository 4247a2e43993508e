"""A change set: what a stack would become, and whether it is still good for anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from localcloud.services.cloudformation.stack import Stack, Wanted

AVAILABLE, EXECUTING = "AVAILABLE", "EXECUTE_IN_PROGRESS"
SUCCEEDED = ("CREATE_COMPLETE", "UPDATE_COMPLETE")  # of its stack
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
    execution: str = AVAILABLE
    changes: list[dict[str, Any]] = field(default_factory=list)

    def fail(self, reason: str) -> None:
        self.status, self.execution, self.reason = "FAILED", "UNAVAILABLE", reason

    @property
    def execution_status(self) -> str:
        """One that is executed is as far as its stack, whose last operation it is."""
        if self.execution != EXECUTING or self.stack.busy:
            return self.execution
        return "EXECUTE_COMPLETE" if self.stack.status in SUCCEEDED else "EXECUTE_FAILED"

    def outdate(self) -> None:
        """The stack was updated without it: what it would do was said of another stack."""
        self.execution = "OBSOLETE" if self.execution == AVAILABLE else self.execution

    def summary(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "ChangeSetId": self.id,
            "ChangeSetName": self.name,
            "StackId": self.stack.id,
            "StackName": self.stack.name,
            "CreationTime": self.created,
            "Description": self.description,
            "ExecutionStatus": self.execution_status,
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
