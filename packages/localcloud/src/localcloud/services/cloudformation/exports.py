"""Exports of stacks and the stacks that import them. An export in use can be neither changed nor deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from localcloud.core.paging import paged
from localcloud.core.service import Part, operation
from localcloud.services.cloudformation.errors import VALIDATION_ERROR, validation_error
from localcloud.services.cloudformation.stack import Stack
from localcloud.services.cloudformation.stack_registry import StackRegistry

PAGE = 100


class Exports(Part):
    def __init__(self, registry: StackRegistry) -> None:
        self._registry = registry

    @operation("ListExports")
    def list_exports(self, request: dict[str, Any]) -> dict[str, Any]:
        exports = [
            {"Name": name, "ExportingStackId": stack.id, "Value": value}
            for stack in self._registry.existing()
            for name, value in stack.exports.items()
        ]
        exports.sort(key=lambda export: export["Name"])
        return paged(exports, request, "Exports", limit=PAGE, code=VALIDATION_ERROR)

    @operation("ListImports")
    def list_imports(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["ExportName"]
        self.value(name)
        importers = self._importers(name)
        if not importers:
            raise validation_error(f"Export '{name}' is not imported by any stack.")
        return paged(importers, request, "Imports", limit=PAGE, code=VALIDATION_ERROR)

    def value(self, name: str) -> str:
        for stack in self._registry.existing():
            if name in stack.exports:
                return stack.exports[name]
        raise validation_error(f"No export named {name} found.")

    def conflict(self, stack: Stack, outputs: Sequence[dict[str, str]]) -> str:
        """Why a stack cannot have these outputs; "" when it can."""
        exports: dict[str, str] = {}
        for output in outputs:
            if name := output.get("ExportName"):
                owner = self._other_owner(stack, name)
                if owner or name in exports:
                    return f"Export with name {name} is already exported by stack {(owner or stack).name}."
                exports[name] = output["OutputValue"]
        for name, value in stack.exports.items():
            if exports.get(name) != value and (importers := self._importers(name)):
                change = "updated" if name in exports else "deleted"
                return f"Export {name} cannot be {change} as it is in use by {' and '.join(importers)}"
        return ""

    def _other_owner(self, stack: Stack, name: str) -> Stack | None:
        stacks = self._registry.existing()
        return next((other for other in stacks if other is not stack and name in other.exports), None)

    def _importers(self, name: str) -> list[str]:
        return sorted(stack.name for stack in self._registry.existing() if name in stack.imports)
