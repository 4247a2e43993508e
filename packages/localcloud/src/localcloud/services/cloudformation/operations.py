"""Creating, updating and deleting a stack, from the first status to the last. Each runs on a thread of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from localcloud.services.cloudformation.deployment import Deployment
from localcloud.services.cloudformation.exports import Exports
from localcloud.services.cloudformation.failures import ResourceFailed, Stopped
from localcloud.services.cloudformation.resource_actions import Work
from localcloud.services.cloudformation.stack import Resource, Stack

log = logging.getLogger(__name__)
REQUESTED = "Rollback requested by user."
Spares = Callable[[Resource], bool]


def unless_stopped(operation: Callable[..., None], *arguments: Any) -> None:
    try:
        operation(*arguments)
    except Stopped:
        log.info("a stack goes no further: the cloud was reset or ends")


def create(deployment: Deployment, on_failure: str, retain_except_on_create: bool) -> None:
    try:
        deployment.carry_out()
    except ResourceFailed as failure:
        _create_failed(deployment, failure.reason, on_failure, _retained(retain_except_on_create))
    else:
        deployment.status("CREATE_COMPLETE")


def _create_failed(deployment: Deployment, reason: str, on_failure: str, spares: Spares) -> None:
    if on_failure == "DO_NOTHING":
        deployment.status("CREATE_FAILED", reason)
        return
    verb = "DELETE" if on_failure == "DELETE" else "ROLLBACK"
    deployment.status(f"{verb}_IN_PROGRESS", reason if verb == "DELETE" else f"{reason} {REQUESTED}")
    failed = deployment.clear(list(deployment.stack.resources.values()), spares, undo=True)
    with deployment.cloud.lock:
        deployment.stack.imports = frozenset()
    if verb == "DELETE" and not failed:
        _gone(deployment)
    else:
        deployment.status(f"{verb}_FAILED" if failed else f"{verb}_COMPLETE", _not_deleted(failed))


def update(deployment: Deployment, keep_on_failure: bool, retain_except_on_create: bool) -> None:
    stack = deployment.stack
    try:
        deployment.carry_out()
    except ResourceFailed as failure:
        if keep_on_failure:
            stack.wanted = deployment.wanted
            deployment.status("UPDATE_FAILED", failure.reason)
        else:
            _roll_back(deployment, failure.reason, _retained(retain_except_on_create))
        return
    with deployment.cloud.lock:
        stack.updated = deployment.cloud.clock.now()
    deployment.status("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
    _clean(deployment, deployment.left_over(), _spared_by_update(deployment))
    deployment.status("UPDATE_COMPLETE")


def _roll_back(deployment: Deployment, reason: str, spares: Spares) -> None:
    deployment.status("UPDATE_ROLLBACK_IN_PROGRESS", reason)
    continue_rollback(deployment, (), spares)


def continue_rollback(deployment: Deployment, skipped: Sequence[str], spares: Spares) -> None:
    """``skipped`` stay as they are, and count as they were."""
    if failed := deployment.revert(skipped):
        reason = f"The following resource(s) failed to update: [{', '.join(failed)}]."
        with deployment.cloud.lock:
            deployment.stack.rollback = partial(continue_rollback, deployment, spares=spares)
        deployment.status("UPDATE_ROLLBACK_FAILED", reason)
        return
    deployment.status("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
    _clean(deployment, deployment.made(), spares, undo=True)
    deployment.status("UPDATE_ROLLBACK_COMPLETE")


def _clean(deployment: Deployment, resources: Sequence[Resource], spares: Spares, *, undo: bool = False) -> None:
    """What cannot be deleted stays behind and is the stack's no longer, as on AWS: its event says so."""
    deployment.clear(resources, spares, undo=undo)
    for resource in resources:
        deployment.forget(resource)


def delete(work: Work, exports: Exports, before: str, retained: Sequence[str], force: bool) -> None:
    """``before``: the status to go back to when another stack needs an export of this one."""
    stack = work.stack
    with work.cloud.lock:
        problem = exports.problem(stack, [])
    if problem:
        work.status(before, problem)
        return
    failed = work.clear(list(stack.resources.values()), lambda each: _kept(each) or each.logical_id in retained)
    if failed and force:
        for name in failed:
            work.skip(stack.resources[name])
    if failed and not force:
        work.status("DELETE_FAILED", _not_deleted(failed))
    else:
        _gone(work)


def _gone(work: Work) -> None:
    work.status("DELETE_COMPLETE")
    with work.cloud.lock:
        stack: Stack = work.stack
        stack.deleted, stack.outputs, stack.imports = work.cloud.clock.now(), [], frozenset()


def _kept(resource: Resource) -> bool:
    return str(resource.said.get("DeletionPolicy", "Delete")).startswith("Retain")


def _retained(retain_except_on_create: bool) -> Spares:
    """What stays when its own creation is rolled back."""
    return lambda each: not retain_except_on_create and each.said.get("DeletionPolicy") == "Retain"


def _spared_by_update(deployment: Deployment) -> Spares:
    """What is replaced goes by its UpdateReplacePolicy, what is removed by its DeletionPolicy."""

    def spares(resource: Resource) -> bool:
        now = deployment.stack.resources.get(resource.logical_id)
        if now and now is not resource:
            return bool(now.said.get("UpdateReplacePolicy") == "Retain")
        return _kept(resource)

    return spares


def _not_deleted(failed: Sequence[str]) -> str:
    return f"The following resource(s) failed to delete: [{', '.join(failed)}]." if failed else ""
