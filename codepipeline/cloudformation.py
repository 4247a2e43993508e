"""The status of a stack, why it failed, and its deletion: for bootstrap and teardown."""

from __future__ import annotations

from typing import Any

from codepipeline.stacks import Stack
from settings.errors import Problem

# A stack whose first creation failed: it can only be deleted.
FAILED_CREATION = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED")
NO_STACK = ("", "REVIEW_IN_PROGRESS")  # the latter is a change set that nobody has executed
WAIT = {"Delay": 2, "MaxAttempts": 900}  # deleting the endpoints of a VPC takes minutes
NAME_TAKEN = "already exists"


def status(cloudformation: Any, name: str) -> str:
    """ "" without such a stack."""
    try:
        return str(cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
    except cloudformation.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return ""
        raise


def blocked(name: str, status: str) -> str:
    """Why this stack cannot be deployed now, with what to do; "" when it can."""
    if status in (*FAILED_CREATION, *NO_STACK):
        return ""
    if status.endswith("_IN_PROGRESS"):
        return f"stack {name} is {status}: somebody is changing it; wait until that has ended, then repeat"
    if status == "DELETE_FAILED":
        return f"stack {name} is DELETE_FAILED: run teardown again, it prints the cause"
    if status == "UPDATE_ROLLBACK_FAILED":
        return (
            f"stack {name} is UPDATE_ROLLBACK_FAILED: fix what its events name, then "
            f"`aws cloudformation continue-update-rollback --stack-name {name}`, then repeat"
        )
    return ""


def remove(cloudformation: Any, stack: Stack) -> None:
    current = status(cloudformation, stack.name)
    if not current:
        return
    if current != "DELETE_IN_PROGRESS":
        cloudformation.update_termination_protection(StackName=stack.name, EnableTerminationProtection=False)
        cloudformation.delete_stack(StackName=stack.name)
    from botocore.exceptions import WaiterError

    try:
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack.name, WaiterConfig=WAIT)
    except WaiterError:
        raise Problem(f"stack {stack.name} could not be deleted{failure(cloudformation, stack.name)}") from None


def failure(cloudformation: Any, name: str) -> str:
    """The first failure of the last attempt: those after it are its consequences."""
    try:
        events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    except cloudformation.exceptions.ClientError:
        events = []
    begin = next((index for index, event in enumerate(events) if _is_begin(event)), len(events))
    failed = [event for event in events[:begin] if event["ResourceStatus"].endswith("_FAILED")]
    if not failed:
        return "; see the output above"
    cause = failed[-1].get("ResourceStatusReason", "no reason given")
    remedy = "; if an earlier teardown left it, run teardown again: it removes what has that name"
    return f": {failed[-1]['LogicalResourceId']}: {cause}{remedy if NAME_TAKEN in cause else ''}"


def _is_begin(event: dict[str, Any]) -> bool:
    of_stack = event["PhysicalResourceId"] == event["StackId"]
    return of_stack and event["ResourceStatus"] in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS")
