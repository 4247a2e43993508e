"""How a deployment will be judged, in sentences for people: what its bake can see, and what takes it back."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from release.judgement.detection import Exposure
from release.judgement.limits import RECORD, Limits
from release.judgement.power import power
from release.kinds.kind import TrafficShift
from release.state.state import State
from settings.instance_types import vcpus
from settings.model import Settings

LAST_CALL_SECONDS = 180  # a decision takes so long to act: metric, alarm and SageMaker each take up to a minute
RECORD_SECONDS = 120  # known requests go to the old fleet while alarms and instances of the new one start
FIRST = "a first deployment has no guardrail: there is no old fleet to compare with, and nothing takes it back"
NO_REQUESTS = "rollout.bake_requests_per_second = 0: no known requests are sent, so nothing is compared"


def notes(settings: Settings, state: State, shift: TrafficShift, first: bool) -> Iterator[str]:
    if first:
        yield FIRST
        return
    minutes = settings.judgement.unjudged_minutes
    if not settings.rollout.bake_requests_per_second:
        yield f"{NO_REQUESTS}, and the release is inconclusive"
        return
    seen = power(_exposures(settings, state, shift), limits(settings))
    yield f"known requests to both fleets show in time a new one that is worse: {seen}"
    if seen.warning:
        yield seen.warning
    if shift.steps and 0 < _last_wait(shift) < LAST_CALL_SECONDS:
        yield (
            f"the last wait is {_last_wait(shift)} s, and a judgement needs {LAST_CALL_SECONDS} s to take a release "
            f"back: what shows in it first stays live; raise {_last_setting(shift)}"
        )
    yield f"a deployment that no run judges for {minutes} minutes is taken back; the same command continues it"


def limits(settings: Settings) -> Limits:
    """Each worker of the new fleet is cold once, and one for each CPU is the image's default."""
    judgement, serving = settings.judgement, settings.serving
    instances = max(serving.instance_count, serving.autoscaling_max_instances)
    return Limits(
        latency_factor=judgement.latency_factor,
        error_points=judgement.error_points / 100,
        alpha=judgement.alpha,
        cold_exempt=instances * vcpus(serving.instance_type),
        severe_factor=judgement.severe_latency_factor,
        severe_points=judgement.severe_error_points / 100,
    )


def _exposures(settings: Settings, state: State, shift: TrafficShift) -> list[Exposure]:
    """Without the last seconds, in which nothing can act any more."""
    rate = settings.rollout.bake_requests_per_second
    seconds = [shift.wait_seconds] * shift.steps
    last = max(0, shift.termination_wait_seconds - LAST_CALL_SECONDS)
    if seconds and not shift.termination_wait_seconds:
        seconds[-1] = max(0, seconds[-1] - LAST_CALL_SECONDS)
    shares = [_share(settings, state, shift, step) for step in range(1, shift.steps + 1)]
    new = sum(share * wait for share, wait in zip(shares, seconds, strict=True))
    before = max(RECORD, rate * RECORD_SECONDS)
    old = round(rate * (sum(seconds) - new)) + before
    return [Exposure(round(rate * new), old), Exposure(round(rate * last), old, control=False)]


def _share(settings: Settings, state: State, shift: TrafficShift, step: int) -> float:
    """Of whole instances."""
    instances = max(1, state.desired_instances or settings.serving.instance_count)
    return min(1.0, ceil(instances * min(100, step * shift.step_percent) / 100) / instances)


def _last_wait(shift: TrafficShift) -> int:
    return shift.termination_wait_seconds or shift.wait_seconds


def _last_setting(shift: TrafficShift) -> str:
    return "rollout.wait_seconds" if shift.strategy == "rolling" else "rollout.termination_wait_seconds"
