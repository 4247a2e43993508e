"""What stands of a stack, why it failed, and how it goes: for bootstrap, which makes stacks, and for teardown."""

from __future__ import annotations

from typing import Any

from codepipeline.stacks import Stack
from settings.errors import Problem

# A stack whose first creation failed: it can only be deleted.
UNFINISHED = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED")
UNMADE = ("", "REVIEW_IN_PROGRESS")  # the latter is a change set that nobody has carried out
WAIT = {"Delay": 2, "MaxAttempts": 900}  # the endpoints of a VPC take minutes to go
TAKEN = "already exists"


def status(cloudformation: Any, name: str) -> str:
    """ "" without such a stack."""
    try:
        return str(cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
    except cloudformation.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return ""
        raise


def unchangeable(name: str, there: str) -> str:
    """Why this stack cannot be deployed now, with what to do; "" when it can."""
    if there in (*UNFINISHED, *UNMADE):
        return ""
    if there.endswith("_IN_PROGRESS"):
        return f"stack {name} is {there}: somebody is at work on it; wait until that has ended, then repeat"
    if there == "DELETE_FAILED":
        return f"stack {name} is DELETE_FAILED: run teardown again, it says what is in the way"
    if there == "UPDATE_ROLLBACK_FAILED":
        return (
            f"stack {name} is UPDATE_ROLLBACK_FAILED: mend what its events name, then "
            f"`aws cloudformation continue-update-rollback --stack-name {name}`, then repeat"
        )
    return ""


def remove(cloudformation: Any, stack: Stack) -> None:
    there = status(cloudformation, stack.name)
    if not there:
        return
    if there != "DELETE_IN_PROGRESS":
        cloudformation.update_termination_protection(StackName=stack.name, EnableTerminationProtection=False)
        cloudformation.delete_stack(StackName=stack.name)
    from botocore.exceptions import WaiterError

    try:
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack.name, WaiterConfig=WAIT)
    except WaiterError:
        raise Problem(f"stack {stack.name} could not be deleted{reason(cloudformation, stack.name)}") from None


def reason(cloudformation: Any, name: str) -> str:
    """The first failure of the last attempt: what came after it are consequences."""
    try:
        events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    except cloudformation.exceptions.ClientError:
        events = []
    begun = next((at for at, event in enumerate(events) if _begins(event)), len(events))
    failed = [event for event in events[:begun] if event["ResourceStatus"].endswith("_FAILED")]
    if not failed:
        return "; what is said above tells why"
    said = failed[-1].get("ResourceStatusReason", "no reason given")
    remedy = "; if an earlier teardown left it, run teardown again: it removes what has that name" * (TAKEN in said)
    return f": {failed[-1]['LogicalResourceId']}: {said}{remedy}"


def _begins(event: dict[str, Any]) -> bool:
    whole = event["PhysicalResourceId"] == event["StackId"]
    return whole and event["ResourceStatus"] in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS")
