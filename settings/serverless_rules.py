"""Conflicts between settings of a serverless endpoint."""

from __future__ import annotations

from collections.abc import Iterator

from settings.conflict import Conflict, Rule, conflict, value
from settings.model import Settings

LACKS = {
    "network.subnets": "no VPC; set it to []",
    "network.isolation": "no network isolation; set it to false",
    "serving.data_capture_percent": "no data capture; set it to 0",
    "serving.autoscaling_max_instances": "no instances to scale; set it to 0",
}
MOST, PROVISIONED = "serving.serverless_max_concurrency", "serving.serverless_provisioned_concurrency"
SCALED = "serving.serverless_provisioned_max"


def serverless_can_do_less(s: Settings) -> Iterator[Conflict]:
    if s.serving.kind != "serverless":
        return
    for path, lack in LACKS.items():
        if value(s, path):
            yield conflict(f"a serverless endpoint has {lack}, or serve in real time", path, "serving.kind")
    if s.rollout.strategy != "all_at_once":
        remedy = 'a serverless endpoint is replaced at once, without guardrails; set rollout.strategy to "all_at_once"'
        yield conflict(remedy, "rollout.strategy", "serving.kind")


def provisioned_concurrency_fits(s: Settings) -> Iterator[Conflict]:
    """Only where it has an effect: elsewhere these are defaults."""
    if s.serving.kind != "serverless":
        return
    provisioned, scaled = s.serving.serverless_provisioned_concurrency, s.serving.serverless_provisioned_max
    for path, number in ((PROVISIONED, provisioned), (SCALED, scaled)):
        if number > s.serving.serverless_max_concurrency:
            yield conflict("more than may run at once is never used; lower it, or raise the concurrency", path, MOST)
    if scaled and not provisioned:
        remedy = "AWS scales what is there: provision 1 or more to begin with, or set the maximum to 0"
        yield conflict(remedy, PROVISIONED, SCALED)
    elif scaled and scaled < provisioned:
        yield conflict("the maximum is below what it begins with; raise it, or set it to 0", SCALED, PROVISIONED)


def schedules_fit(s: Settings) -> Iterator[Conflict]:
    most, path = s.serving.serverless_max_concurrency, "serving.autoscaling_schedules"
    for schedule in s.serving.autoscaling_schedules if s.serving.scales_concurrency else ():
        if schedule.min_instances == 0:
            remedy = f"AWS provisions 1 or more, or nothing; set the minimum of {schedule.name} to 1 or more"
            yield conflict(remedy, path, "serving.kind")
        if schedule.max_instances > most:
            yield conflict(f"more than may run at once is never used; lower the maximum of {schedule.name}", path, MOST)


def bake_is_long_enough_for_an_alarm(s: Settings) -> Iterator[Conflict]:
    needed = s.alarms.period_seconds * s.alarms.datapoints
    if s.serving.kind == "serverless" and s.rollout.termination_wait_seconds < needed:
        remedy = f"the command watches a new model for so long, and no alarm can fire in less than {needed} s"
        keys = ("rollout.termination_wait_seconds", "alarms.period_seconds", "alarms.datapoints")
        yield conflict(f"{remedy} (period_seconds x datapoints); bake at least that long", *keys)


RULES: tuple[Rule, ...] = (
    serverless_can_do_less,
    provisioned_concurrency_fits,
    schedules_fit,
    bake_is_long_enough_for_an_alarm,
)
