"""Status changes of stacks and resources: recorded in the stack, and emitted as AWS's events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from threading import RLock
from typing import Any

from localcloud.core.clock import Clock
from localcloud.core.events import EventEmitter
from localcloud.services.cloudformation.failures import OperationCancelled
from localcloud.services.cloudformation.stack import STACK_TYPE, Resource, Stack


class StackEvents:
    """After a reset, or at shutdown, a status change raises OperationCancelled instead."""

    def __init__(self, clock: Clock, lock: RLock, emitter: EventEmitter) -> None:
        self._clock, self._lock, self._emitter = clock, lock, emitter

    def set_stack_status(self, stack: Stack, status: str, reason: str = "", token: str = "") -> None:
        with self._lock:
            _check_cancelled(stack)
            stack.status, stack.reason = status, reason
            details = {"ResourceStatusReason": reason, "ClientRequestToken": token}
            stack.add_event(self._clock.now(), stack.name, STACK_TYPE, stack.id, status, **details)
            self._emit("Stack", stack, _status_details(status, reason))

    def set_resource_status(
        self, stack: Stack, resource: Resource, status: str, reason: str = "", token: str = ""
    ) -> None:
        with self._lock:
            _check_cancelled(stack)
            now, logical_id, physical_id = self._clock.now(), resource.logical_id, resource.physical_id
            resource.status, resource.reason, resource.status_time = status, reason, now
            properties = json.dumps(resource.properties, default=str)
            details = {"ResourceStatusReason": reason, "ResourceProperties": properties, "ClientRequestToken": token}
            stack.add_event(now, logical_id, resource.type, physical_id, status, **details)
            event = {
                "logical-resource-id": logical_id,
                "physical-resource-id": physical_id,
                "resource-type": resource.type,
            }
            self._emit("Resource", stack, event | _status_details(status, reason))

    def _emit(self, subject: str, stack: Stack, detail: Mapping[str, Any]) -> None:
        detail_type = f"CloudFormation {subject} Status Change"
        self._emitter.emit("aws.cloudformation", detail_type, {"stack-id": stack.id, **detail}, [stack.id])


def _status_details(status: str, reason: str) -> dict[str, Any]:
    return {"status-details": {"status": status, "status-reason": reason}}


def _check_cancelled(stack: Stack) -> None:
    if stack.cancelled:
        raise OperationCancelled
