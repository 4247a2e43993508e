"""A verdict stands: a release that was not good says so again, until it has new evidence or a person accepts it."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from aws.times import for_people
from release.state.verdict_records import VerdictRecord
from release.verdict.verdict import Observation, Outcome, Verdict


def repeats(record: VerdictRecord | None, live: bool) -> bool:
    """An inconclusive release that is live gets more requests, and so is judged again instead."""
    return bool(record and record.stands and not (live and not record.final))


def repeat(record: VerdictRecord) -> Verdict:
    remedy = f'--package {record.deployment.package} --accept "reason" takes responsibility for it'
    reason = f"{record.reason} (the verdict of {for_people(record.time)} stands, and nothing was changed; {remedy})"
    return Verdict(cast("Outcome", record.outcome), reason)


def accepted(record: VerdictRecord) -> Verdict:
    """Of a release that is live."""
    package, verdict = record.deployment.package, f"{record.outcome}: {record.reason}"
    return Verdict("unchanged", f"{package} is live; its verdict ({verdict}) was {record.acceptance}")


def continued(record: VerdictRecord) -> Verdict:
    """That of a run which was interrupted after it had judged."""
    return Verdict(cast("Outcome", record.outcome), record.reason)


def has_new_evidence(record: VerdictRecord, verdict: Verdict) -> bool:
    """Other settings alone do not make an inconclusive release good."""
    return verdict.outcome in ("failed", "rolled back") or _requests(verdict.observation) > record.requests


def judged_again(record: VerdictRecord, verdict: Verdict) -> Verdict:
    """Names the new evidence."""
    requests, before = _requests(verdict.observation), f"{record.requests} at the verdict of {for_people(record.time)}"
    return replace(verdict, reason=f"{verdict.reason} (judged again, on {requests} requests; {before})")


def _requests(observation: Observation | None) -> int:
    return observation.judgement.answers if observation and observation.judgement else 0
