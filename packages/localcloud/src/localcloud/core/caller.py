"""Calls of a service's operations in process, by other services or by parts of the same one."""

from __future__ import annotations

from typing import Any

from localcloud.core.access.caller import calling
from localcloud.core.access.principal import Principal
from localcloud.core.refusal import not_implemented
from localcloud.core.service import Service


class Caller:
    def __init__(self, service: Service) -> None:
        self._service = service

    def call(self, principal: Principal, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """As the principal's client would call it, under the lock: faults apply, its policies decide.

        A Refusal is raised.
        """
        name = f"{self._service.name}.{operation}"
        if fault := self._service.cloud.faults.next_call(name):
            raise fault
        if operation not in self._service.operations:
            raise not_implemented(name)
        self._service.cloud.access.authorize(principal, self._service.name, operation, request)
        with calling(principal):
            response: dict[str, Any] | None = self._service.operations[operation].method(request)
        return response or {}
