"""The stacks there are, found by name or id, and the work under way on them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import wait
from typing import TYPE_CHECKING, Any

from localcloud.core.refusal import Refusal
from localcloud.core.service import Service
from localcloud.services.cloudformation.change_set import ChangeSet
from localcloud.services.cloudformation.exports import Exports
from localcloud.services.cloudformation.operations import unless_stopped
from localcloud.services.cloudformation.stack import Stack, Wanted

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")
PATIENCE = 20.0  # seconds, of the real clock
ENDING = 10.0


class Registry(Service):
    validation_code = "ValidationError"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.stacks: dict[str, Stack] = {}  # by id, deleted ones too
        self.exports = Exports(cloud, self.stacks)
        self.patience = PATIENCE

    def reset(self) -> None:
        for stack in self.stacks.values():
            stack.stopped = True
        self.stacks.clear()

    def close(self) -> None:
        """What is under way ends after the resource that it is at."""
        with self.cloud.lock:
            works = [stack.work for stack in self.stacks.values() if stack.work]
            self.reset()
        wait(works, ENDING)

    def find(self, name: str) -> Stack | None:
        """By id, or a living one by name."""
        if name in self.stacks:
            return self.stacks[name]
        return next((stack for stack in self.stacks.values() if stack.name == name and stack.alive), None)

    def stack(self, name: str, sentence: str = "Stack with id {} does not exist") -> Stack:
        if found := self.find(name):
            return found
        raise Refusal("ValidationError", sentence.format(name))

    def new(self, name: str, wanted: Wanted) -> Stack:
        if not NAME.fullmatch(name):
            constraint = f"Member must satisfy regular expression pattern: {NAME.pattern}"
            why = f"Value '{name}' at 'stackName' failed to satisfy constraint: {constraint}"
            raise Refusal("ValidationError", f"1 validation error detected: {why}")
        stack_id = self.cloud.arn("cloudformation", f"stack/{name}/{uuid.uuid4()}")
        stack = Stack(name, stack_id, self.cloud.clock.now(), wanted)
        self.stacks[stack_id] = stack
        return stack

    def change_set(self, request: Mapping[str, Any]) -> ChangeSet:
        """By its id, or by its name and its stack."""
        asked, stacks = request["ChangeSetName"], list(self.stacks.values())
        if not asked.startswith("arn:"):
            if "StackName" not in request:
                raise Refusal(
                    "ValidationError", "StackName must be specified if ChangeSetName is not specified as an ARN."
                )
            stacks = [self.stack(request["StackName"], "Stack [{}] does not exist")]
        for stack in stacks:
            for change_set in (*stack.change_sets.values(), stack.executed):
                if change_set and asked in (change_set.id, change_set.name):
                    return change_set
        raise Refusal("ChangeSetNotFound", f"ChangeSet [{asked}] does not exist", 404)

    def begin(self, stack: Stack, operation: Callable[..., None], *arguments: Any) -> None:
        """Under the lock; what is under way on the stack is waited for first."""
        before = stack.work

        def run() -> None:
            if before:
                wait([before])
            unless_stopped(operation, *arguments)

        stack.work = self.cloud.work(run)

    def linger(self, stack: Stack) -> None:
        """An answer may take its time: AWS's own waiters look at once, and then only every 30 s."""
        if stack.work:
            wait([stack.work], self.patience)
