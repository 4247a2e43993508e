"""Changing the capacity of a target, following the change to its end, and telling it as an activity.

AWS asks alarms and limits again and again; what repeats itself is one activity here, whose end moves.
"""

from __future__ import annotations

import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

from localcloud.core.refusal import Refusal
from localcloud.core.service import Service
from localcloud.services.autoscaling import variants
from localcloud.services.autoscaling.records import DIMENSION, NAMESPACE, Activity, Change, Target
from localcloud.services.autoscaling.variants import IN_SERVICE, Reading, Unreadable

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

LOOK_EVERY, TRY_EVERY = 5, 60  # seconds
ATTEMPT = "Attempting to scale due to alarm triggered"
GOING_ON = ("Updating", "SystemUpdating", "RollingBack", "Creating")


class Scaling(Service):
    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.targets: dict[str, Target] = {}  # by resource

    def reset(self) -> None:
        for target in self.targets.values():
            target.stop()
        self.targets.clear()
        super().reset()

    def close(self) -> None:
        with self.cloud.lock:
            self.reset()
        super().close()

    def registered(self, resource: str) -> bool:
        """Whether an endpoint's variant is scaled: ``endpoint/<name>/variant/<name>``. Under the lock."""
        return resource in self.targets

    def find_target(self, request: dict[str, Any], what: str = "registered") -> Target:
        resource = request["ResourceId"]
        if resource not in self.targets or request["ScalableDimension"] != DIMENSION:
            raise Refusal("ObjectNotFoundException", f"No scalable target {what} for {described(request)}")
        return self.targets[resource]

    def asked_about(self, request: dict[str, Any]) -> list[Target]:
        """By what a Describe names. Of what is not served nothing is registered."""
        resource, dimension = request.get("ResourceId"), request.get("ScalableDimension", DIMENSION)
        if "ScalableDimension" in request and not (resource or request.get("ResourceIds")):
            raise Refusal("ValidationException", "A resource must be named where ScalableDimension is.")
        if (request["ServiceNamespace"], dimension) != (NAMESPACE, DIMENSION):
            return []
        return [target for name, target in sorted(self.targets.items()) if name == (resource or name)]

    def scale(self, target: Target, wanted: int, cause: str, base: int | None = None) -> bool:
        """Begins the change; False when it cannot, which the activity then says. ``base``: what it is reckoned from."""
        told = f"Setting desired instance count to {wanted}."
        try:
            now = variants.read(self.cloud, target.resource)
            if now.status != IN_SERVICE:
                raise Unreadable(f'Cannot update in-progress endpoint "{now.arn}": it is {now.status}.')
            variants.change(self.cloud, target.resource, wanted)
        except (Unreadable, Refusal) as problem:
            sentence = f"Failed to set desired instance count to {wanted}. Reason: {problem}"
            self.tell(target, told, cause, "Failed", sentence)
            return False
        message = (
            f"Successfully set desired instance count to {wanted}. Waiting for change to be fulfilled by sagemaker."
        )
        target.under_way = self.tell(target, told, cause, "InProgress", message)
        self._later(target, LOOK_EVERY, partial(self._look, target, wanted, now.instances, base))
        return True

    def keep_within(self, target: Target, cause: str) -> None:
        """Its capacity is brought within its limits: now, or as soon as the endpoint lets it."""
        try:
            now = variants.read(self.cloud, target.resource)
        except Unreadable as problem:
            self.tell(target, "Setting desired instance count.", cause, "Failed", str(problem))
            return
        wanted = target.within(now.instances)
        if wanted != now.instances and not target.under_way and not self.scale(target, wanted, cause):
            self._later(target, TRY_EVERY, partial(self.keep_within, target, cause))

    def tell(
        self, target: Target, what: str, cause: str, status: str, message: str = "", reasons: Any = ()
    ) -> Activity:
        now = self.cloud.clock.now()
        last = target.activities[0] if target.activities else None
        if last and status == "Failed" and (last.description, last.cause, last.message) == (what, cause, message):
            last.ended, last.reasons = now, reasons
            return last
        activity = Activity(str(uuid.uuid4()), what, cause, now, status, message, reasons=reasons)
        activity.ended = None if status == "InProgress" else now
        target.activities.appendleft(activity)
        return activity

    def _look(self, target: Target, wanted: int, before: int, base: int | None) -> None:
        """Has the change come to its end?"""
        activity = target.under_way
        if not activity:
            return
        try:
            now = variants.read(self.cloud, target.resource)
        except Unreadable as problem:
            now = Reading("gone", str(problem), 0)
        if now.status in GOING_ON:
            self._later(target, LOOK_EVERY, partial(self._look, target, wanted, before, base))
            return
        target.under_way, activity.ended = None, self.cloud.clock.now()
        if now.status != IN_SERVICE:
            activity.status = "Failed"
            activity.message = f"Failed to set desired instance count to {wanted}. The endpoint is {now.status}."
        elif now.instances != wanted:
            activity.status = "Unfulfilled"
            activity.message = f"The endpoint is InService with {now.instances} instances, not {wanted}."
        else:
            activity.status = "Successful"
            done = "Change successfully fulfilled by sagemaker."
            activity.message = f"Successfully set desired instance count to {wanted}. {done}"
            self._done(target, wanted, before, base)
        self.keep_within(target, limits(target))

    def _done(self, target: Target, wanted: int, before: int, base: int | None) -> None:
        change = Change(before if base is None else base, self.cloud.clock.seconds())
        if wanted > before:
            target.last_out, target.last_in = change, None
        else:
            target.last_in = change

    def _later(self, target: Target, seconds: float, step: partial[None]) -> None:
        def run() -> None:
            with self.cloud.lock:
                if target.timer is timer:
                    target.timer = None
                    step()

        if target.timer:
            target.timer.cancel()
        timer = target.timer = self.cloud.clock.after(seconds, run)


def described(request: dict[str, Any]) -> str:
    place = f"resource ID: {request['ResourceId']}, scalable dimension: {request['ScalableDimension']}"
    return f"service namespace: {request.get('ServiceNamespace', NAMESPACE)}, {place}"


def limits(target: Target) -> str:
    """The cause of a change that follows from them alone."""
    return f"minimum capacity was set to {target.low} and maximum capacity was set to {target.high}"
