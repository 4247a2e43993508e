"""Conflicts between settings of serving, rollout and alarms."""

from __future__ import annotations

from collections.abc import Iterator

from settings.conflict import Conflict, Rule, conflict, value
from settings.fields import OnlyWith
from settings.model import Settings, leaves
from settings.release import MIB

GUARDED = ("realtime", "async")  # the kinds that deployment guardrails support
# the API model's limit for InvokeEndpoint; AWS's guides name 25 MB for real time, which was not verified
PAYLOADS = {"realtime": 6 * MIB, "serverless": 4 * MIB, "async": 1024 * MIB, "batch": 100 * MIB}
# settings that can lead to a fleet of one
FEWEST = (
    "instance_count",
    "autoscaling_min_instances",
    "autoscaling_schedules",
)
ONLY_WITH = {path: mark for path, field in leaves().items() for mark in field.metadata if isinstance(mark, OnlyWith)}


def set_value_has_an_effect(s: Settings) -> Iterator[Conflict]:
    """In the base, and below the layer that chose otherwise, these are defaults for when the choice changes."""
    for path, needed in ONLY_WITH.items():
        choice = needed.path
        if s.precedence(path) >= max(1, s.precedence(choice)) and value(s, choice) != needed.value:
            yield conflict(
                f'has no effect without {choice} = "{needed.value}"; remove it, or choose that', path, choice
            )


def traffic_share_needs_two_instances(s: Settings) -> Iterator[Conflict]:
    if s.rollout.strategy == "all_at_once" or s.serving.kind not in GUARDED or s.serving.fewest_instances >= 2:
        return
    fewest = next(key for key in FEWEST if key == FEWEST[-1] or getattr(s.serving, key) < 2)
    remedy = f'one instance has no share to try a model on; set {fewest} to 2 or more, or the strategy to "all_at_once"'
    yield conflict(remedy, "rollout.strategy", f"serving.{fewest}")


def waits_end_before_the_timeout(s: Settings) -> Iterator[Conflict]:
    total = s.rollout.total_wait_seconds
    if total >= s.rollout.timeout_seconds:
        remedy = f"the waits of this strategy take {total} s and the timeout must be longer; raise it or shorten them"
        waits = {"rolling": ("wait_seconds",), "all_at_once": ("termination_wait_seconds",)}
        keys = waits.get(s.rollout.strategy, ("wait_seconds", "termination_wait_seconds"))
        yield conflict(remedy, "rollout.timeout_seconds", *(f"rollout.{key}" for key in keys))


def bake_is_long_enough_for_an_alarm(s: Settings) -> Iterator[Conflict]:
    needed = s.alarms.period_seconds * s.alarms.datapoints
    if s.rollout.strategy != "all_at_once" and s.serving.kind in GUARDED and s.rollout.wait_seconds < needed:
        remedy = f"no alarm can fire in less than {needed} s (period_seconds x datapoints); bake at least that long"
        yield conflict(remedy, "rollout.wait_seconds", "alarms.period_seconds", "alarms.datapoints")


def guarded_rollout_has_an_alarm(s: Settings) -> Iterator[Conflict]:
    """The judgement's own alarm acts on known requests alone."""
    watched = s.alarms.error_rate or s.alarms.error_4xx_rate or s.alarms.latency_ms or s.alarms.extra
    watched = watched or s.rollout.bake_requests_per_second
    if s.rollout.strategy != "all_at_once" and s.serving.kind in GUARDED and not watched:
        remedy = 'without an alarm or known requests nothing rolls back; set one above 0, or choose "all_at_once"'
        keys = ("alarms.error_rate", "alarms.error_4xx_rate", "alarms.latency_ms", "alarms.extra")
        yield conflict(remedy, "rollout.strategy", "rollout.bake_requests_per_second", *keys)


def async_endpoint_has_no_rates(s: Settings) -> Iterator[Conflict]:
    for key in ("error_rate", "error_4xx_rate"):
        if s.serving.kind == "async" and getattr(s.alarms, key):
            remedy = "an async endpoint counts no invocations to make a rate of; set it to 0, watch latency_ms or extra"
            yield conflict(remedy, f"alarms.{key}", "serving.kind")


def datapoints_fit_the_periods(s: Settings) -> Iterator[Conflict]:
    if s.alarms.datapoints > s.alarms.evaluation_periods:
        remedy = "an alarm fires when `datapoints` of `evaluation_periods` are bad: 2 of 3 is usual"
        yield conflict(remedy, "alarms.datapoints", "alarms.evaluation_periods")


def payload_fits_the_kind(s: Settings) -> Iterator[Conflict]:
    most = PAYLOADS[s.serving.kind]
    if s.serving.max_payload_bytes > most:
        remedy = f"must be at most {most}: SageMaker sends no more to this kind of endpoint"
        yield conflict(remedy, "serving.max_payload_bytes", "serving.kind")


RULES: tuple[Rule, ...] = (
    set_value_has_an_effect,
    traffic_share_needs_two_instances,
    waits_end_before_the_timeout,
    bake_is_long_enough_for_an_alarm,
    guarded_rollout_has_an_alarm,
    async_endpoint_has_no_rates,
    datapoints_fit_the_periods,
    payload_fits_the_kind,
)
