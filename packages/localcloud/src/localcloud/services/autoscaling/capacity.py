"""Changes of a target's capacity: started, followed to their end, recorded as activities."""

from __future__ import annotations

from functools import partial

from localcloud.core.cloud import Cloud
from localcloud.core.refusal import Refusal
from localcloud.services.autoscaling.activities import Activities
from localcloud.services.autoscaling.records import INSTANCES, NOUNS, Activity, CapacityChange, Target
from localcloud.services.autoscaling.variants import IN_SERVICE, NoVariant, Variants, VariantStatus

POLL_SECONDS, RETRY_SECONDS = 5, 60
IN_PROGRESS = ("Updating", "SystemUpdating", "RollingBack", "Creating")


class Capacity:
    """Used under ``cloud.lock``."""

    def __init__(self, cloud: Cloud, variants: Variants, activities: Activities) -> None:
        self._clock, self._lock = cloud.clock, cloud.lock
        self._variants, self._activities = variants, activities

    def scale(self, target: Target, desired: int, cause: str, base: int | None = None) -> bool:
        """Starts the change; False when that fails, which the activity then says.

        ``base`` is the capacity that the desired one was calculated from, if it is not the current one.
        """
        noun = NOUNS[target.dimension]
        description = f"Setting desired {noun} to {desired}."
        try:
            current = self._variants.read(target.resource, target.dimension)
            if current.status != IN_SERVICE:
                raise NoVariant(f'Cannot update in-progress endpoint "{current.arn}": it is {current.status}.')
            self._variants.change(target.resource, target.dimension, desired)
        except (NoVariant, Refusal) as problem:
            sentence = f"Failed to set desired {noun} to {desired}. Reason: {problem}"
            self._activities.record(target, description, cause, "Failed", sentence)
            return False
        message = f"Successfully set desired {noun} to {desired}. Waiting for change to be fulfilled by sagemaker."
        target.in_progress = self._activities.record(target, description, cause, "InProgress", message)
        self._later(target, POLL_SECONDS, partial(self._poll, target, desired, current.capacity, base))
        return True

    def keep_within(self, target: Target, cause: str) -> None:
        """Brings the capacity within its limits: now, or as soon as the endpoint can be updated."""
        try:
            current = self._variants.read(target.resource, target.dimension)
        except NoVariant as problem:
            self._activities.record(
                target, f"Setting desired {NOUNS[target.dimension]}.", cause, "Failed", str(problem)
            )
            return
        desired = target.within(current.capacity)
        if desired != current.capacity and not target.in_progress and not self.scale(target, desired, cause):
            self._later(target, RETRY_SECONDS, partial(self.keep_within, target, cause))

    def _poll(self, target: Target, desired: int, before: int, base: int | None) -> None:
        """Ends the activity when the endpoint is no longer updating."""
        activity = target.in_progress
        if not activity:
            return
        try:
            current = self._variants.read(target.resource, target.dimension)
        except NoVariant as problem:
            current = VariantStatus("gone", str(problem), 0)
        if current.status in IN_PROGRESS:
            self._later(target, POLL_SECONDS, partial(self._poll, target, desired, before, base))
            return
        target.in_progress, activity.ended = None, self._clock.now()
        _end(activity, current, target.dimension, desired)
        if activity.status == "Successful":
            self._start_cooldown(target, desired, before, base)
        self.keep_within(target, limits_cause(target))

    def _start_cooldown(self, target: Target, desired: int, before: int, base: int | None) -> None:
        change = CapacityChange(before if base is None else base, self._clock.seconds())
        if desired > before:
            target.last_scale_out, target.last_scale_in = change, None
        else:
            target.last_scale_in = change

    def _later(self, target: Target, seconds: float, step: partial[None]) -> None:
        def run() -> None:
            with self._lock:
                if target.timer is timer:
                    target.timer = None
                    step()

        if target.timer:
            target.timer.cancel()
        timer = target.timer = self._clock.after(seconds, run)


def limits_cause(target: Target) -> str:
    """The cause of a change that only the limits require."""
    return f"minimum capacity was set to {target.low} and maximum capacity was set to {target.high}"


def _end(activity: Activity, current: VariantStatus, dimension: str, desired: int) -> None:
    noun, unit = NOUNS[dimension], "instances" if dimension == INSTANCES else "of provisioned concurrency"
    if current.status != IN_SERVICE:
        activity.status = "Failed"
        activity.message = f"Failed to set desired {noun} to {desired}. The endpoint is {current.status}."
    elif current.capacity != desired:
        activity.status = "Unfulfilled"
        activity.message = f"The endpoint is InService with {current.capacity} {unit}, not {desired}."
    else:
        activity.status = "Successful"
        done = "Change successfully fulfilled by sagemaker."
        activity.message = f"Successfully set desired {noun} to {desired}. {done}"
