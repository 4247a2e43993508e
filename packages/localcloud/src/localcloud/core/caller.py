"""Calls of a service's operations in process, by other services or by parts of the same one."""

from __future__ import annotations

from typing import Any

from localcloud.core.refusal import not_implemented
from localcloud.core.service import Service


class Caller:
    def __init__(self, service: Service) -> None:
        self._service = service

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """As a client would call it, under the lock: faults for the operation apply, a Refusal is raised."""
        name = f"{self._service.name}.{operation}"
        if fault := self._service.cloud.faults.next_call(name):
            raise fault
        if operation not in self._service.operations:
            raise not_implemented(name)
        response: dict[str, Any] | None = self._service.operations[operation].method(request)
        return response or {}
