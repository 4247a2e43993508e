"""Which kinds of serving a release can take a package to, and what is special about them."""

from __future__ import annotations

from settings.errors import Problem
from settings.model import Settings

REFUSED = {
    "batch": "has no endpoint to deploy to: run a transform job with the package, or choose another kind",
    "async": 'comes later: choose "realtime" or "serverless", or make the endpoint by hand',
}


def check_kind(settings: Settings) -> None:
    kind = settings.serving.kind
    if kind in REFUSED:
        raise Problem(f'{settings.file}: serving.kind = "{kind}": {REFUSED[kind]}')


def notes(settings: Settings, all_at_once: bool) -> tuple[str, ...]:
    if settings.serving.kind == "serverless":
        return ("a serverless endpoint has no guardrails: nothing is shifted in parts, no alarm takes it back",)
    found = []
    if all_at_once and settings.rollout.strategy != "all_at_once":
        alarms = "only the new fleet's own alarms take it back, because the old one may be what is wrong"
        found.append(f"--now: all traffic at once instead of {settings.rollout.strategy}; {alarms}")
    return tuple(found)
