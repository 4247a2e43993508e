"""Creating, updating and deleting a stack, from the first status to the last, on a worker thread."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from localcloud.core.access.principal import Principal
from localcloud.services.cloudformation.deployment import Deployment
from localcloud.services.cloudformation.exports import Exports
from localcloud.services.cloudformation.failures import ResourceFailure
from localcloud.services.cloudformation.resource_actions import ResourceActions, Retains
from localcloud.services.cloudformation.stack import Resource

REQUESTED = "Rollback requested by user."


def create(deployment: Deployment, on_failure: str, retain_except_on_create: bool) -> None:
    try:
        deployment.apply()
    except ResourceFailure as failure:
        retains = _retains_in_rollback(retain_except_on_create)
        _end_failed_creation(deployment, failure.reason, on_failure, retains)
    else:
        deployment.actions.set_stack_status("CREATE_COMPLETE")


def _end_failed_creation(deployment: Deployment, reason: str, on_failure: str, retains: Retains) -> None:
    actions, stack = deployment.actions, deployment.stack
    if on_failure == "DO_NOTHING":
        actions.set_stack_status("CREATE_FAILED", reason)
        return
    verb = "DELETE" if on_failure == "DELETE" else "ROLLBACK"
    actions.set_stack_status(f"{verb}_IN_PROGRESS", reason if verb == "DELETE" else f"{reason} {REQUESTED}")
    failed = actions.delete_all(list(stack.resources.values()), retains, rollback=True)
    with actions.cloud.lock:
        stack.imports = frozenset()
    if verb == "DELETE" and not failed:
        _end_deletion(actions)
    else:
        actions.set_stack_status(f"{verb}_FAILED" if failed else f"{verb}_COMPLETE", _failed_deletions(failed))


def update(deployment: Deployment, keep_on_failure: bool, retain_except_on_create: bool) -> None:
    actions, stack = deployment.actions, deployment.stack
    try:
        deployment.apply()
    except ResourceFailure as failure:
        if keep_on_failure:
            stack.definition = deployment.definition
            actions.set_stack_status("UPDATE_FAILED", failure.reason)
        else:
            actions.set_stack_status("UPDATE_ROLLBACK_IN_PROGRESS", failure.reason)
            continue_rollback(deployment, (), _retains_in_rollback(retain_except_on_create))
        return
    with actions.cloud.lock:
        stack.update_time = actions.cloud.clock.now()
    actions.set_stack_status("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
    _clean_up(deployment, deployment.obsolete_resources(), _retains_in_update(deployment))
    actions.set_stack_status("UPDATE_COMPLETE")


def continue_rollback(deployment: Deployment, skipped: Sequence[str], retains: Retains) -> None:
    """``skipped`` resources are not reverted, but count as reverted."""
    actions, stack = deployment.actions, deployment.stack
    if failed := deployment.revert(skipped):
        reason = f"The following resource(s) failed to update: [{', '.join(failed)}]."
        with actions.cloud.lock:
            stack.rollback = partial(_resume_rollback, deployment, retains)
        actions.set_stack_status("UPDATE_ROLLBACK_FAILED", reason)
        return
    actions.set_stack_status("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
    _clean_up(deployment, deployment.new_resources(), retains, rollback=True)
    actions.set_stack_status("UPDATE_ROLLBACK_COMPLETE")


def _resume_rollback(deployment: Deployment, retains: Retains, principal: Principal, skipped: Sequence[str]) -> None:
    """By a request of its own, and so perhaps as somebody else."""
    deployment.actions.principal = principal
    continue_rollback(deployment, skipped, retains)


def delete(
    actions: ResourceActions, exports: Exports, status_before: str, retained: Sequence[str], force: bool
) -> None:
    """``status_before`` is restored when another stack uses an export of this one."""
    stack = actions.stack
    with actions.cloud.lock:
        conflict = exports.conflict(stack, [])
    if conflict:
        actions.set_stack_status(status_before, conflict)
        return

    def retains(resource: Resource) -> bool:
        return _retains_on_delete(resource) or resource.logical_id in retained

    failed = actions.delete_all(list(stack.resources.values()), retains)
    if failed and force:
        for name in failed:
            actions.retain(stack.resources[name])
    if failed and not force:
        actions.set_stack_status("DELETE_FAILED", _failed_deletions(failed))
    else:
        _end_deletion(actions)


def _clean_up(
    deployment: Deployment, resources: Sequence[Resource], retains: Retains, *, rollback: bool = False
) -> None:
    """A resource that cannot be deleted remains outside the stack, as on AWS; its event shows that."""
    deployment.actions.delete_all(resources, retains, rollback=rollback)
    for resource in resources:
        deployment.drop(resource)


def _end_deletion(actions: ResourceActions) -> None:
    actions.set_stack_status("DELETE_COMPLETE")
    with actions.cloud.lock:
        stack = actions.stack
        stack.deletion_time, stack.outputs, stack.imports = actions.cloud.clock.now(), [], frozenset()


def _retains_on_delete(resource: Resource) -> bool:
    return str(resource.declaration.get("DeletionPolicy", "Delete")).startswith("Retain")


def _retains_in_rollback(retain_except_on_create: bool) -> Retains:
    """Whether a resource stays when its own creation is rolled back."""
    return lambda each: not retain_except_on_create and each.declaration.get("DeletionPolicy") == "Retain"


def _retains_in_update(deployment: Deployment) -> Retains:
    """By UpdateReplacePolicy for replaced resources, by DeletionPolicy for removed ones."""

    def retains(resource: Resource) -> bool:
        current = deployment.stack.resources.get(resource.logical_id)
        if current and current is not resource:
            return bool(current.declaration.get("UpdateReplacePolicy") == "Retain")
        return _retains_on_delete(resource)

    return retains


def _failed_deletions(names: Sequence[str]) -> str:
    return f"The following resource(s) failed to delete: [{', '.join(names)}]." if names else ""
