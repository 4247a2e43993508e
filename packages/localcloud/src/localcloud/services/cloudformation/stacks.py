"""Creating, updating and deleting stacks, and what protects them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from localcloud.core.refusal import Refusal
from localcloud.core.service import operation
from localcloud.services.cloudformation import capabilities, operations, stack_request
from localcloud.services.cloudformation.change_preview import Forecast
from localcloud.services.cloudformation.deployment import Deployment
from localcloud.services.cloudformation.functions import text
from localcloud.services.cloudformation.registry import Registry
from localcloud.services.cloudformation.resource_actions import Work, tell_status
from localcloud.services.cloudformation.stack import Stack, Wanted

UPDATABLE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "CREATE_FAILED", "UPDATE_FAILED")
UPDATING = "Stack:{} is in {} state and can not be updated."


class Stacks(Registry):
    @operation("CreateStack", locked=False)
    def create_stack(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["StackName"]
        if "OnFailure" in request and "DisableRollback" in request:
            raise Refusal("ValidationError", "You can specify either DisableRollback or OnFailure, but not both.")
        wanted = stack_request.wanted(self.cloud, request, name, None)
        capabilities.check(wanted.template, request.get("Capabilities", []))
        with self.cloud.lock:
            if there := self.find(name):
                if there.token and there.token == request.get("ClientRequestToken"):
                    return {"StackId": there.id}  # the same request, sent again
                raise Refusal("AlreadyExistsException", f"Stack [{name}] already exists")
            stack = self.new(name, wanted)
            stack.token = request.get("ClientRequestToken", "")
            stack.protected = request.get("EnableTerminationProtection", False)
            stack.policy = _policy(request)
            self.start_creation(stack, wanted, request, _on_failure(request))
        self.linger(stack)
        return {"StackId": stack.id}

    @operation("UpdateStack", locked=False)
    def update_stack(self, request: dict[str, Any]) -> dict[str, Any]:
        with self.cloud.lock:
            stack = updatable(self.stack(request["StackName"], "Stack [{}] does not exist"))
        wanted = stack_request.wanted(self.cloud, request, stack.name, stack)
        capabilities.check(wanted.template, request.get("Capabilities", []))
        with self.cloud.lock:
            updatable(stack)
            if Forecast(self.exports, stack, wanted).nothing and stack.status not in ("CREATE_FAILED", "UPDATE_FAILED"):
                raise Refusal("ValidationError", "No updates are to be performed.")
            self.start_update(stack, wanted, request)
            stack.policy = _policy(request) or stack.policy
        self.linger(stack)
        return {"StackId": stack.id}

    @operation("ContinueUpdateRollback", locked=False)
    def continue_update_rollback(self, request: dict[str, Any]) -> None:
        with self.cloud.lock:
            stack = self.stack(request["StackName"], "Stack [{}] does not exist")
            if stack.status != "UPDATE_ROLLBACK_FAILED" or not stack.rollback:
                sentence = f"Stack:{stack.id} is in {stack.status} state and can not continue its rollback."
                raise Refusal("ValidationError", sentence)
            token = request.get("ClientRequestToken", "")
            tell_status(self.cloud, stack, "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated", token)
            self.begin(stack, stack.rollback, request.get("ResourcesToSkip", []))
        self.linger(stack)

    @operation("DeleteStack", locked=False)
    def delete_stack(self, request: dict[str, Any]) -> None:
        """What is not there is deleted already, as AWS has it."""
        with self.cloud.lock:
            stack = self.find(request["StackName"])
            if not stack or not stack.alive:
                return
            self._refuse_deletion(stack, request)
            if stack.status == "REVIEW_IN_PROGRESS":
                del self.stacks[stack.id]
                return
            self._start_deletion(stack, request)
        self.linger(stack)

    @operation("UpdateTerminationProtection")
    def update_termination_protection(self, request: dict[str, Any]) -> dict[str, Any]:
        stack = self.stack(request["StackName"], "Stack [{}] does not exist")
        stack.protected = request["EnableTerminationProtection"]
        return {"StackId": stack.id}

    @operation("SetStackPolicy")
    def set_stack_policy(self, request: dict[str, Any]) -> None:
        """A record: localcloud does not enforce it."""
        self.stack(request["StackName"], "Stack [{}] does not exist").policy = _policy(request)

    @operation("GetStackPolicy")
    def get_stack_policy(self, request: dict[str, Any]) -> dict[str, Any]:
        stack = self.stack(request["StackName"], "Stack [{}] does not exist")
        return {"StackPolicyBody": stack.policy} if stack.policy else {}

    def start_creation(self, stack: Stack, wanted: Wanted, request: Mapping[str, Any], on_failure: str) -> None:
        """Under the lock."""
        token = request.get("ClientRequestToken", "")
        stack.wanted = wanted
        tell_status(self.cloud, stack, "CREATE_IN_PROGRESS", "User Initiated", token)
        deployment = Deployment(self.exports, stack, wanted, token)
        self.begin(stack, operations.create, deployment, on_failure, request.get("RetainExceptOnCreate", False))

    def start_update(self, stack: Stack, wanted: Wanted, request: Mapping[str, Any]) -> None:
        token, stack.executed = request.get("ClientRequestToken", ""), None
        for change_set in stack.change_sets.values():
            change_set.outdate()
        tell_status(self.cloud, stack, "UPDATE_IN_PROGRESS", "User Initiated", token)
        stack.updated = self.cloud.clock.now()
        deployment = Deployment(self.exports, stack, wanted, token)
        keep, retain = request.get("DisableRollback", False), request.get("RetainExceptOnCreate", False)
        self.begin(stack, operations.update, deployment, keep, retain)

    def _refuse_deletion(self, stack: Stack, request: Mapping[str, Any]) -> None:
        if stack.protected:
            sentence = f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
            raise Refusal("ValidationError", sentence)
        if stack.busy and stack.status != "DELETE_IN_PROGRESS":
            raise Refusal("ValidationError", f"Stack:{stack.id} is in {stack.status} state and can not be deleted.")
        force = request.get("DeletionMode") == "FORCE_DELETE_STACK"
        if (request.get("RetainResources") or force) and stack.status != "DELETE_FAILED":
            what = "force" if force else "retain resources"
            sentence = f"Invalid operation on stack [{stack.id}]. The stack must be in DELETE_FAILED to {what}"
            raise Refusal("ValidationError", sentence)

    def _start_deletion(self, stack: Stack, request: Mapping[str, Any]) -> None:
        if stack.status == "DELETE_IN_PROGRESS":
            return
        before, work = stack.status, Work(self.cloud, stack, request.get("ClientRequestToken", ""))
        stack.executed = None
        work.status("DELETE_IN_PROGRESS", "User Initiated")
        retained = request.get("RetainResources", [])
        force = request.get("DeletionMode") == "FORCE_DELETE_STACK"
        self.begin(stack, operations.delete, work, self.exports, before, retained, force)


def updatable(stack: Stack) -> Stack:
    if not stack.alive or stack.status not in UPDATABLE:
        raise Refusal("ValidationError", UPDATING.format(stack.id, stack.status))
    return stack


def _on_failure(request: Mapping[str, Any]) -> str:
    return str(request.get("OnFailure") or ("DO_NOTHING" if request.get("DisableRollback") else "ROLLBACK"))


def _policy(request: Mapping[str, Any]) -> str:
    if "StackPolicyURL" in request:
        raise Refusal("NotImplementedByLocalcloud", "localcloud takes a stack policy as StackPolicyBody only.")
    body = text(request.get("StackPolicyBody", ""))
    if body:
        try:
            json.loads(body)
        except ValueError as problem:
            raise Refusal(
                "ValidationError", f"Error validating stack policy: Invalid stack policy: {problem}"
            ) from None
    return body
