"""Exports of stacks and who imports them. One in use can be neither changed nor deleted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from localcloud.core.refusal import Refusal
from localcloud.services.cloudformation.stack import Stack

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud


class Exports:
    """A view of all stacks, by their ids."""

    def __init__(self, cloud: Cloud, stacks: Mapping[str, Stack]) -> None:
        self.cloud, self._stacks = cloud, stacks

    def all(self) -> list[dict[str, str]]:
        found = [
            {"ExportingStackId": stack.id, "Name": name, "Value": value}
            for stack in self._living()
            for name, value in stack.exports.items()
        ]
        return sorted(found, key=lambda each: each["Name"])

    def value(self, name: str) -> str:
        for stack in self._living():
            if name in stack.exports:
                return stack.exports[name]
        raise Refusal("ValidationError", f"No export named {name} found.")

    def importers(self, name: str) -> list[str]:
        return sorted(stack.name for stack in self._living() if name in stack.imports)

    def problem(self, stack: Stack, outputs: list[dict[str, str]]) -> str:
        """Why a stack cannot have these outputs; "" when it can."""
        after: dict[str, str] = {}
        for name, value in ((each["ExportName"], each["OutputValue"]) for each in outputs if "ExportName" in each):
            owner = next((other for other in self._living() if other is not stack and name in other.exports), None)
            if owner or name in after:
                return f"Export with name {name} is already exported by stack {owner.name if owner else stack.name}."
            after[name] = value
        for name, value in stack.exports.items():
            if after.get(name) != value and (users := self.importers(name)):
                what = "updated" if name in after else "deleted"
                return f"Export {name} cannot be {what} as it is in use by {' and '.join(users)}"
        return ""

    def _living(self) -> Iterator[Stack]:
        return (stack for stack in list(self._stacks.values()) if stack.alive)
