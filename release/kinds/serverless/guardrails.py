"""How a serverless endpoint is released: SageMaker replaces it at once, and this command watches and takes back.

SageMaker has no guardrails for it. The alarms watch the endpoint as a whole: after the update all requests are the new
model's. The model's latency has no cold starts in it: those are in OverheadLatency.
"""

from __future__ import annotations

from release.kinds import standing_alarms
from release.kinds.kind import Rollout, TrafficShift, at_once
from settings.model import Settings

NOTE = (
    "SageMaker has no guardrails for a serverless endpoint: after the update this command sends known requests and "
    "watches the alarms for {seconds} s, and puts the config before back if one answer is wrong or an alarm fires; if "
    "it is interrupted, nothing takes the release back until it is run again"
)
NOW = "--now: only its answers take it back, because the alarms may be about the old model"


def rollout(settings: Settings, all_at_once: bool) -> Rollout:
    shift, own = at_once(settings), tuple(standing_alarms.of_requests(settings))
    names = tuple(call.request["AlarmName"] for call in own)
    return Rollout(
        shift,
        _describe(shift),
        alarms=own,
        rollback_alarms=() if all_at_once else (*names, *settings.alarms.extra),
        notes=(NOTE.format(seconds=shift.termination_wait_seconds), *((NOW,) if all_at_once else ())),
    )


def _describe(shift: TrafficShift) -> str:
    return f"replaced at once; this command watches it for {shift.termination_wait_seconds} s and takes it back"
