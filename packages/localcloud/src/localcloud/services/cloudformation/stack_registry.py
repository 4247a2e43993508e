"""All stacks, found by name or id, with their change sets."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from localcloud.core.clock import Clock
from localcloud.core.refusal import Refusal
from localcloud.core.service import Part
from localcloud.services.cloudformation.change_set import ChangeSet
from localcloud.services.cloudformation.errors import pattern_error, validation_error
from localcloud.services.cloudformation.stack import Stack
from localcloud.services.cloudformation.stack_definition import StackDefinition

NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")
NO_STACK, NO_STACK_WITH_ID = "Stack [{}] does not exist", "Stack with id {} does not exist"


class StackRegistry(Part):
    def __init__(self, clock: Clock, arn: Callable[[str, str], str]) -> None:
        self._clock, self._arn = clock, arn
        self.stacks: dict[str, Stack] = {}  # by id, deleted ones included

    def reset(self) -> None:
        for stack in self.stacks.values():
            stack.cancelled = True
        self.stacks.clear()

    def existing(self) -> Iterator[Stack]:
        return (stack for stack in list(self.stacks.values()) if stack.exists)

    def find(self, name: str) -> Stack | None:
        """By id, or an existing one by name."""
        if name in self.stacks:
            return self.stacks[name]
        return next((stack for stack in self.existing() if stack.name == name), None)

    def get(self, name: str, message: str = NO_STACK) -> Stack:
        if stack := self.find(name):
            return stack
        raise validation_error(message.format(name))

    def add(self, name: str, definition: StackDefinition) -> Stack:
        if not NAME.fullmatch(name):
            raise pattern_error(name, "stackName", NAME.pattern)
        stack_id = self._arn("cloudformation", f"stack/{name}/{uuid.uuid4()}")
        stack = self.stacks[stack_id] = Stack(name, stack_id, self._clock.now(), definition)
        return stack

    def get_change_set(self, request: Mapping[str, Any]) -> tuple[Stack, ChangeSet]:
        """By its id, or by its name and its stack."""
        name, stacks = request["ChangeSetName"], list(self.stacks.values())
        if not name.startswith("arn:"):
            if "StackName" not in request:
                raise validation_error("StackName must be specified if ChangeSetName is not specified as an ARN.")
            stacks = [self.get(request["StackName"])]
        for stack in stacks:
            for change_set in (*stack.change_sets.values(), stack.executed_change_set):
                if change_set and name in (change_set.id, change_set.name):
                    return stack, change_set
        raise Refusal("ChangeSetNotFound", f"ChangeSet [{name}] does not exist", 404)
