"""The judgement of a deployment under way, in the bucket beside the lease: written at every look by its run.

releases/<endpoint>/judgement.json   what --status shows, and with what another run continues
releases/<endpoint>/abort.json       somebody wants the deployment taken back
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from aws.times import for_people
from release.context import Context
from release.state import s3_documents
from release.state.deployment import Deployment
from release.state.s3_documents import Document


@dataclass(frozen=True)
class JudgementRecord:
    outcome: str  # undecided, passed so far, fail
    sentence: str
    time: str  # of the last look, by AWS's clock
    run: str  # the ARN of who follows the deployment
    sent: str  # how many known requests were sent, and what became of them
    stage: str = ""  # of the endpoint
    share: float | None = None  # of the traffic that the new fleet has
    left_seconds: float | None = None  # until the last bake ends
    fleets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # new and old: counts, errors, p50 and p99
    alarms: Mapping[str, str] = field(default_factory=dict)
    assessment: Mapping[str, Any] = field(default_factory=dict)  # with which another run continues

    @property
    def answers(self) -> int:
        """Labelled ones of the new fleet."""
        return int((self.fleets.get("new") or {}).get("answers", 0))

    def as_evidence(self) -> dict[str, Any]:
        """For the record of the verdict, which nobody continues."""
        return {name: value for name, value in asdict(self).items() if name != "assessment"}


@dataclass(frozen=True)
class Abort:
    by: str  # the caller's ARN
    time: str  # by AWS's clock
    reason: str

    def __str__(self) -> str:
        return f"aborted by {self.by} on {for_people(self.time)}: {self.reason}"


def write(context: Context, deployment: Deployment, record: JudgementRecord) -> None:
    s3_documents.write(context, _key(context, "judgement"), {"deployment": deployment.as_dict(), **asdict(record)})


def read(context: Context, deployment: Deployment) -> JudgementRecord | None:
    """None when nobody has looked at this deployment yet."""
    known = JudgementRecord.__dataclass_fields__
    document = _of(context, deployment, "judgement")
    try:
        return JudgementRecord(**{name: document[name] for name in known if name in document}) if document else None
    except TypeError:
        raise s3_documents.invalid(context, _key(context, "judgement"), "no judgement can be read in it") from None


def write_abort(context: Context, deployment: Deployment, abort: Abort) -> None:
    s3_documents.write(context, _key(context, "abort"), {"deployment": deployment.as_dict(), **asdict(abort)})


def read_abort(context: Context, deployment: Deployment) -> Abort | None:
    document = _of(context, deployment, "abort")
    return Abort(document["by"], document["time"], document["reason"]) if document else None


def _of(context: Context, deployment: Deployment, name: str) -> Document | None:
    """Documents of an earlier deployment stay where they are until the next one replaces them."""
    found = s3_documents.read(context, _key(context, name))
    same = found and found[0].get("deployment", {}).get("since") == deployment.since
    return found[0] if found and same and found[0]["deployment"].get("config") == deployment.config else None


def _key(context: Context, name: str) -> str:
    return f"{context.releases}/{name}.json"
