"""Conflicts between settings of autoscaling."""

from __future__ import annotations

from collections.abc import Iterator

from settings.conflict import Conflict, Rule, conflict
from settings.model import Settings


def autoscaling_bounds_hold_the_start(s: Settings) -> Iterator[Conflict]:
    keys = ("autoscaling_min_instances", "instance_count", "autoscaling_max_instances")
    counts = [getattr(s.serving, key) for key in keys]
    if s.serving.autoscales and counts != sorted(counts):
        remedy = "these must rise: minimum, count at the start, maximum (a maximum of 0 turns autoscaling off)"
        yield conflict(remedy, *(f"serving.{key}" for key in keys))


def only_async_scales_to_zero(s: Settings) -> Iterator[Conflict]:
    if not s.serving.autoscales or s.serving.kind == "async":
        return
    if s.serving.autoscaling_min_instances == 0:
        remedy = "only an async endpoint can have no instance; set the minimum to 1 or more"
        yield conflict(remedy, "serving.autoscaling_min_instances", "serving.kind")
    for schedule in s.serving.autoscaling_schedules:
        if schedule.min_instances == 0:
            remedy = f"only an async endpoint can have no instance; set the minimum of {schedule.name} to 1 or more"
            yield conflict(remedy, "serving.autoscaling_schedules", "serving.kind")


def schedules_change_what_scales(s: Settings) -> Iterator[Conflict]:
    """Below the layer that turned autoscaling off, schedules are defaults for when it is on."""
    path, choice = "serving.autoscaling_schedules", "serving.autoscaling_max_instances"
    scales = s.serving.autoscales or s.serving.scales_concurrency
    if s.serving.autoscaling_schedules and not scales and s.precedence(path) >= s.precedence(choice):
        yield conflict("without autoscaling there are no bounds to change; remove them, or set a maximum", path, choice)


def schedules_are_whole(s: Settings) -> Iterator[Conflict]:
    names = [schedule.name for schedule in s.serving.autoscaling_schedules]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield conflict(f"two schedules are called {name}; name each once", "serving.autoscaling_schedules")
    for schedule in s.serving.autoscaling_schedules:
        if schedule.min_instances > schedule.max_instances:
            remedy = f"the minimum of {schedule.name} is above its maximum; swap or correct them"
            yield conflict(remedy, "serving.autoscaling_schedules")


RULES: tuple[Rule, ...] = (
    autoscaling_bounds_hold_the_start,
    only_async_scales_to_zero,
    schedules_change_what_scales,
    schedules_are_whole,
)
