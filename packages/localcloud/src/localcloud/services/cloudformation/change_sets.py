"""Change sets: the changes of a create or an update, shown first and then executed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from localcloud.core.cloud import Cloud
from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal, not_implemented
from localcloud.core.service import Part, operation
from localcloud.services.cloudformation import capabilities
from localcloud.services.cloudformation.change_set import AVAILABLE, EMPTY, EXECUTING, ChangeSet
from localcloud.services.cloudformation.errors import VALIDATION_ERROR, pattern_error, validation_error
from localcloud.services.cloudformation.stack import Stack
from localcloud.services.cloudformation.stack_definition import StackDefinition
from localcloud.services.cloudformation.stack_events import StackEvents
from localcloud.services.cloudformation.stack_operations import USER_INITIATED, StackOperations
from localcloud.services.cloudformation.stack_registry import NAME, StackRegistry
from localcloud.services.cloudformation.stack_requests import StackRequests
from localcloud.services.cloudformation.stacks import Preview, check_updatable

PAGE = 100


class ChangeSets(Part):
    def __init__(
        self,
        cloud: Cloud,
        registry: StackRegistry,
        requests: StackRequests,
        events: StackEvents,
        operations: StackOperations,
        preview: Preview,
    ) -> None:
        self._lock, self._clock, self._arn = cloud.lock, cloud.clock, cloud.arn
        self._registry, self._requests, self._events = registry, requests, events
        self._operations, self._preview = operations, preview

    @operation("CreateChangeSet", locked=False)
    def create_change_set(self, request: dict[str, Any]) -> dict[str, Any]:
        """The response is sent when it is created; on AWS it is CREATE_PENDING for a moment."""
        _check_request(request)
        update = request.get("ChangeSetType", "UPDATE") == "UPDATE"
        with self._lock:
            stack = self._find_stack(request)
        stack_name = stack.name if stack else request["StackName"]
        definition = self._requests.read_definition(request, stack_name, stack if update else None)
        capabilities.check(definition.template, request.get("Capabilities", []), expand=False)
        with self._lock:
            stack = self._find_stack(request)
            if not stack:
                stack = self._registry.add(request["StackName"], definition)
                self._events.set_stack_status(stack, "REVIEW_IN_PROGRESS", USER_INITIATED)
            change_set = self._new_change_set(stack, definition, request)
            stack.change_sets[change_set.name] = change_set
        return {"Id": change_set.id, "StackId": stack.id}

    @operation("DescribeChangeSet")
    def describe_change_set(self, request: dict[str, Any]) -> dict[str, Any]:
        stack, change_set = self._registry.get_change_set(request)
        changes = [
            {"LogicalResourceId": change["ResourceChange"]["LogicalResourceId"], **change}
            for change in change_set.changes
        ]
        page = paged(changes, request, "Changes", limit=PAGE, code=VALIDATION_ERROR)
        page["Changes"] = [{key: each[key] for key in ("Type", "ResourceChange")} for each in page["Changes"]]
        return change_set.describe(stack.execution_status(change_set)) | page

    @operation("ListChangeSets")
    def list_change_sets(self, request: dict[str, Any]) -> dict[str, Any]:
        stack = self._registry.get(request["StackName"])
        summaries = [each.summary(stack.execution_status(each)) for each in stack.change_sets.values()]
        return paged(summaries, request, "Summaries", limit=PAGE, code=VALIDATION_ERROR)

    @operation("DeleteChangeSet")
    def delete_change_set(self, request: dict[str, Any]) -> None:
        """As on AWS, one that does not exist counts as deleted, and the stack that it created stays in review."""
        try:
            stack, change_set = self._registry.get_change_set(request)
        except Refusal as refusal:
            if refusal.code == "ChangeSetNotFound":
                return
            raise
        if change_set is not stack.executed_change_set:  # which was deleted by its execution
            del stack.change_sets[change_set.name]

    @operation("ExecuteChangeSet", locked=False)
    def execute_change_set(self, request: dict[str, Any]) -> None:
        with self._lock:
            stack, change_set = self._registry.get_change_set(request)
            if change_set.execution != AVAILABLE:
                execution_status = stack.execution_status(change_set)
                states = f"[{change_set.status}] status and [{execution_status}] execution status"
                message = f"ChangeSet [{change_set.id}] cannot be executed in its current {states}"
                raise Refusal("InvalidChangeSetStatus", message)
            if change_set.type == "CREATE" and stack.status == "REVIEW_IN_PROGRESS":
                on_failure = "DO_NOTHING" if request.get("DisableRollback") else change_set.on_failure or "ROLLBACK"
                self._operations.create(stack, change_set.definition, request, on_failure)
            else:
                check_updatable(stack)
                keep = change_set.on_failure == "DO_NOTHING"
                self._operations.update(stack, change_set.definition, {"DisableRollback": keep, **request})
            stack.change_sets.clear()  # the others no longer apply to the stack
            change_set.execution, stack.executed_change_set = EXECUTING, change_set
        self._operations.wait(stack)

    def _find_stack(self, request: Mapping[str, Any]) -> Stack | None:
        """The stack that a change set is for; None for a new stack."""
        name, change_set, create = request["StackName"], request["ChangeSetName"], _creates(request)
        stack = self._registry.find(name)
        in_review = bool(stack and stack.status == "REVIEW_IN_PROGRESS")
        if create and stack and not in_review:
            raise validation_error(
                f"Stack [{name}] already exists and cannot be created again with the changeSet [{change_set}]."
            )
        if not create and (not stack or in_review):
            raise validation_error(f"Stack [{name}] does not exist")
        same_name = stack.change_sets.get(change_set) if stack else None
        if same_name and same_name.status != "FAILED":  # the AWS CLI names change sets by the second
            raise Refusal("AlreadyExistsException", f"ChangeSet [{change_set}] already exists")
        if stack and not in_review:
            check_updatable(stack)
        return stack

    def _new_change_set(self, stack: Stack, definition: StackDefinition, request: Mapping[str, Any]) -> ChangeSet:
        name = request["ChangeSetName"]
        change_set = ChangeSet(
            name,
            self._arn("cloudformation", f"changeSet/{name}/{uuid.uuid4()}"),
            stack.name,
            stack.id,
            definition,
            self._clock.now(),
            request.get("ChangeSetType", "UPDATE"),
            request.get("Description", ""),
            request.get("OnStackFailure", ""),
        )
        try:
            preview = self._preview(stack, definition)
        except Refusal as refusal:
            change_set.fail(refusal.message)
            return change_set
        change_set.changes = [change.describe() for change in preview.changes]
        if change_set.type == "UPDATE" and preview.is_empty:
            change_set.fail(EMPTY)
        return change_set


def _creates(request: Mapping[str, Any]) -> bool:
    return bool(request.get("ChangeSetType") == "CREATE")


def _check_request(request: Mapping[str, Any]) -> None:
    if not NAME.fullmatch(request["ChangeSetName"]):
        raise pattern_error(request["ChangeSetName"], "changeSetName", NAME.pattern)
    if request.get("ChangeSetType") == "IMPORT" or request.get("ResourcesToImport"):
        raise not_implemented("CloudFormation's import of resources")
    if request.get("ImportExistingResources"):
        raise not_implemented("CloudFormation's ImportExistingResources")
