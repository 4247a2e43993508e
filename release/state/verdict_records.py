"""The records of verdicts, in the bucket: one for each deployment, and in it the acceptance by a person, if any.

releases/<endpoint>/verdicts/<time>-<config>.json   never changed by another deployment
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from aws import times
from release.context import Context
from release.state import aws_time, s3_documents
from release.state.deployment import Deployment
from release.state.s3_documents import Document
from settings.errors import Problem


@dataclass(frozen=True)
class Acceptance:
    """A person takes responsibility for a release that was not good."""

    by: str  # the caller's ARN
    time: str  # by AWS's clock
    reason: str

    def __str__(self) -> str:
        return f"accepted by {self.by} on {times.for_people(self.time)}: {self.reason}"


@dataclass(frozen=True)
class VerdictRecord:
    key: str
    etag: str
    document: Document
    outcome: str
    reason: str
    time: str
    deployment: Deployment
    acceptance: Acceptance | None

    @property
    def stands(self) -> bool:
        """Is it a verdict that no person has accepted, of a release that was not good?"""
        return self.outcome != "shipped" and self.acceptance is None

    @property
    def final(self) -> bool:
        """An inconclusive one can be judged again, on more requests."""
        return self.outcome != "inconclusive" or self.acceptance is not None

    @property
    def requests(self) -> int:
        """Those of the new fleet that it was judged on."""
        judgement = (self.document.get("observed") or {}).get("judgement") or {}
        return int(((judgement.get("fleets") or {}).get("new") or {}).get("answers", 0))


def write(context: Context, deployment: Deployment, verdict: Mapping[str, Any], at: datetime) -> str:
    """Returns the URI. A deployment that is judged twice (an interrupted run) has one record."""
    document = {"time": aws_time.as_text(at), **verdict, "deployment": deployment.as_dict()}
    s3_documents.write(context, _key(context, deployment), document)
    return f"s3://{context.settings.bucket}/{_key(context, deployment)}"


def newest(context: Context, count: int) -> list[VerdictRecord]:
    """The newest first."""
    keys = s3_documents.keys(context, _folder(context))[-count:]
    return [record for key in reversed(keys) if (record := _read(context, key))]


def latest(context: Context, package: str, config: str) -> VerdictRecord | None:
    """Of the last deployment of this package on this config."""
    keys = (key for key in s3_documents.keys(context, _folder(context)) if key.endswith(f"-{config}.json"))
    records = (_read(context, key) for key in reversed(list(keys)))
    return next((record for record in records if record and record.deployment.package == package), None)


def of_deployment(context: Context, deployment: Deployment) -> VerdictRecord | None:
    """None while it has not been judged."""
    return _read(context, _key(context, deployment))


def accept(context: Context, record: VerdictRecord, acceptance: Acceptance) -> None:
    document = {**record.document, "accepted": asdict(acceptance)}
    if s3_documents.write(context, record.key, document, if_match=record.etag) is None:
        uri = f"s3://{context.settings.bucket}/{record.key}"
        raise Problem(f"{uri} was changed by somebody else meanwhile: look at it with --status, then accept it again")


def _read(context: Context, key: str) -> VerdictRecord | None:
    found = s3_documents.read(context, key)
    if not found:
        return None
    document, etag = found
    try:
        verdict = (str(document["verdict"]), str(document["reason"]), str(document["time"]))
        accepted = document.get("accepted")
        acceptance = Acceptance(accepted["by"], accepted["time"], accepted["reason"]) if accepted else None
        return VerdictRecord(key, etag, document, *verdict, Deployment.from_dict(document["deployment"]), acceptance)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise s3_documents.invalid(context, key, "no verdict of a deployment can be read in it") from None


def _key(context: Context, deployment: Deployment) -> str:
    start = aws_time.stamp(aws_time.parse(deployment.since))
    return f"{_folder(context)}{start}-{deployment.config}.json"


def _folder(context: Context) -> str:
    return f"{context.releases}/verdicts/"
