"""Change sets: what a create or an update would do, to be looked at and then carried out."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any

from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal, not_implemented
from localcloud.core.service import operation
from localcloud.services.cloudformation import capabilities, stack_request
from localcloud.services.cloudformation.change_preview import Forecast
from localcloud.services.cloudformation.change_set import AVAILABLE, EMPTY, EXECUTING, ChangeSet
from localcloud.services.cloudformation.resource_actions import tell_status
from localcloud.services.cloudformation.stack import Stack, Wanted
from localcloud.services.cloudformation.stacks import Stacks, updatable

NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")
PAGE = 100


class ChangeSets(Stacks):
    @operation("CreateChangeSet", locked=False)
    def create_change_set(self, request: dict[str, Any]) -> dict[str, Any]:
        """Made when it is answered; AWS needs a moment longer, with CREATE_PENDING until then."""
        self._refuse(request)
        kind, name = request.get("ChangeSetType", "UPDATE"), request["StackName"]
        with self.cloud.lock:
            stack = self._subject(name, kind, request["ChangeSetName"])
        stack_name = stack.name if stack else name
        wanted = stack_request.wanted(self.cloud, request, stack_name, stack if kind == "UPDATE" else None)
        capabilities.check(wanted.template, request.get("Capabilities", []), expand=False)
        with self.cloud.lock:
            stack = self._subject(name, kind, request["ChangeSetName"])
            if not stack:
                stack = self.new(name, wanted)
                tell_status(self.cloud, stack, "REVIEW_IN_PROGRESS", "User Initiated")
            made = self._made(stack, wanted, kind, request)
            stack.change_sets[made.name] = made
        return {"Id": made.id, "StackId": stack.id}

    @operation("DescribeChangeSet")
    def describe_change_set(self, request: dict[str, Any]) -> dict[str, Any]:
        found = self.change_set(request)
        changes = [
            {"LogicalResourceId": change["ResourceChange"]["LogicalResourceId"], **change} for change in found.changes
        ]
        page = paged(changes, request, "Changes", limit=PAGE, code="ValidationError")
        page["Changes"] = [{key: each[key] for key in ("Type", "ResourceChange")} for each in page["Changes"]]
        return found.described() | page

    @operation("ListChangeSets")
    def list_change_sets(self, request: dict[str, Any]) -> dict[str, Any]:
        stack = self.stack(request["StackName"], "Stack [{}] does not exist")
        found = [each.summary() for each in stack.change_sets.values()]
        return paged(found, request, "Summaries", limit=PAGE, code="ValidationError")

    @operation("DeleteChangeSet")
    def delete_change_set(self, request: dict[str, Any]) -> None:
        """One that is not there is deleted already; the stack that only it made stays in review, as on AWS."""
        try:
            found = self.change_set(request)
        except Refusal as refusal:
            if refusal.code == "ChangeSetNotFound":
                return
            raise
        if found is not found.stack.executed:  # that one went as it was executed
            del found.stack.change_sets[found.name]

    @operation("ExecuteChangeSet", locked=False)
    def execute_change_set(self, request: dict[str, Any]) -> None:
        with self.cloud.lock:
            found = self.change_set(request)
            stack = found.stack
            if found.execution != AVAILABLE:
                states = f"[{found.status}] status and [{found.execution_status}] execution status"
                sentence = f"ChangeSet [{found.id}] cannot be executed in its current {states}"
                raise Refusal("InvalidChangeSetStatus", sentence)
            if found.kind == "CREATE" and stack.status == "REVIEW_IN_PROGRESS":
                failure = "DO_NOTHING" if request.get("DisableRollback") else found.on_failure or "ROLLBACK"
                self.start_creation(stack, found.wanted, request, failure)
            else:
                updatable(stack)
                keep = found.on_failure == "DO_NOTHING"
                self.start_update(stack, found.wanted, {"DisableRollback": keep, **request})
            stack.change_sets.clear()  # the others were made for another stack than it is now
            found.execution, stack.executed = EXECUTING, found
        self.linger(stack)

    def _refuse(self, request: Mapping[str, Any]) -> None:
        if not NAME.fullmatch(request["ChangeSetName"]):
            constraint = f"Member must satisfy regular expression pattern: {NAME.pattern}"
            why = f"Value '{request['ChangeSetName']}' at 'changeSetName' failed to satisfy constraint: {constraint}"
            raise Refusal("ValidationError", f"1 validation error detected: {why}")
        if request.get("ChangeSetType") == "IMPORT" or request.get("ResourcesToImport"):
            raise not_implemented("CloudFormation's import of resources")
        if request.get("ImportExistingResources"):
            raise not_implemented("CloudFormation's ImportExistingResources")

    def _subject(self, name: str, kind: str, change_set: str) -> Stack | None:
        """The stack that a change set is for; None: it is to be made."""
        stack = self.find(name)
        review = bool(stack and stack.status == "REVIEW_IN_PROGRESS")
        if kind == "CREATE" and stack and not review:
            sentence = f"Stack [{name}] already exists and cannot be created again with the changeSet [{change_set}]."
            raise Refusal("ValidationError", sentence)
        if kind == "UPDATE" and (not stack or review):
            raise Refusal("ValidationError", f"Stack [{name}] does not exist")
        there = stack.change_sets.get(change_set) if stack else None
        if there and there.status != "FAILED":  # the AWS CLI names its own by the second, and here a second is long
            raise Refusal("AlreadyExistsException", f"ChangeSet [{change_set}] already exists")
        return stack if not stack or review else updatable(stack)

    def _made(self, stack: Stack, wanted: Wanted, kind: str, request: Mapping[str, Any]) -> ChangeSet:
        name = request["ChangeSetName"]
        made = ChangeSet(
            name,
            self.cloud.arn("cloudformation", f"changeSet/{name}/{uuid.uuid4()}"),
            stack,
            wanted,
            self.cloud.clock.now(),
            kind,
            request.get("Description", ""),
            request.get("OnStackFailure", ""),
        )
        try:
            forecast = Forecast(self.exports, stack, wanted)
        except Refusal as refusal:
            made.fail(refusal.message)
            return made
        made.changes = [change.told() for change in forecast.changes]
        if kind == "UPDATE" and forecast.nothing:
            made.fail(EMPTY)
        return made
