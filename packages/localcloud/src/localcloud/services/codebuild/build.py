"""A build: its request, phases and result, and its description in responses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from localcloud.runtime.jobs.queue import Ticket

RUNNING = "IN_PROGRESS"
COMPLETED = "COMPLETED"
STOP, TIME_OUT, ABANDON = "stop", "time out", "abandon"  # reasons to end a running build
# What a build inherits from its project unless the request overrides it.
INHERITED = ("environment", "cache", "serviceRole", "encryptionKey", "timeoutInMinutes", "queuedTimeoutInMinutes")


@dataclass
class Phase:
    kind: str
    started: datetime
    ended: datetime | None = None
    status: str = ""
    contexts: tuple[dict[str, str], ...] = ()

    @property
    def seconds(self) -> int:
        return int((self.ended - self.started).total_seconds()) if self.ended else 0

    def describe(self) -> dict[str, Any]:
        phase: dict[str, Any] = {"phaseType": self.kind, "startTime": self.started}
        if self.kind == COMPLETED:
            return phase
        if not self.ended:
            return {**phase, "phaseStatus": RUNNING}
        result = {"phaseStatus": self.status, "endTime": self.ended, "durationInSeconds": self.seconds}
        return {**phase, **result, "contexts": list(self.contexts)}


@dataclass
class Build:
    project: str
    uuid: str
    arn: str
    number: int
    settings: dict[str, Any]  # the project's, with the request's overrides
    source: dict[str, Any]
    version: str
    variables: list[dict[str, str]]
    artifacts: dict[str, Any]
    log_group: str  # "" when nothing is logged
    log_stream: str
    region: str
    created: datetime
    initiator: str = "localcloud"
    secondary_sources: list[dict[str, Any]] = field(default_factory=list)
    secondary_versions: dict[str, str] = field(default_factory=dict)
    secondary_artifacts: list[dict[str, Any]] = field(default_factory=list)
    request: Mapping[str, Any] = field(default_factory=dict)  # for RetryBuild
    phases: list[Phase] = field(default_factory=list)
    status: str = RUNNING
    resolved: str = ""
    uploaded: dict[str, dict[str, str]] = field(default_factory=dict)  # by identifier; "": the primary artifact
    exported: dict[str, str] = field(default_factory=dict)
    reports: list[str] = field(default_factory=list)
    ended: datetime | None = None
    end_reason: str = ""  # STOP, TIME_OUT or ABANDON
    ticket: Ticket | None = None
    pid: int = 0

    @property
    def id(self) -> str:
        return f"{self.project}:{self.uuid}"

    @property
    def complete(self) -> bool:
        return self.ended is not None

    def minutes(self, name: str) -> int:
        return int(self.settings[name])

    def describe(self) -> dict[str, Any]:
        build: dict[str, Any] = {
            "id": self.id,
            "arn": self.arn,
            "buildNumber": self.number,
            "startTime": self.created,
            "currentPhase": self.phases[-1].kind if self.phases else "SUBMITTED",
            "buildStatus": self.status,
            "projectName": self.project,
            "phases": [phase.describe() for phase in self.phases],
            "source": self.source,
            "secondarySources": self.secondary_sources,
            "artifacts": {**self.uploaded.get("", {"location": ""})},
            "logs": self.logs(),
            "buildComplete": self.complete,
            "initiator": self.initiator,
            "exportedEnvironmentVariables": [{"name": name, "value": value} for name, value in self.exported.items()],
            "reportArns": list(self.reports),
            **{name: self.settings[name] for name in INHERITED if name in self.settings},
        }
        build["environment"] = {**self.settings["environment"], "environmentVariables": self.variables}
        secondary = [{"artifactIdentifier": name, **artifact} for name, artifact in self.uploaded.items() if name]
        optional = {
            "endTime": self.ended,
            "sourceVersion": self.version,
            "resolvedSourceVersion": self.resolved,
            "secondaryArtifacts": secondary,
        }
        return build | {name: value for name, value in optional.items() if value}

    def logs(self) -> dict[str, Any]:
        if not self.log_group:
            return {"cloudWatchLogs": {"status": "DISABLED"}}
        page = f"https://console.aws.amazon.com/cloudwatch/home?region={self.region}#logsV2:log-groups/log-group/"
        path = f"{_quote_twice(self.log_group)}/log-events/{_quote_twice(self.log_stream)}"
        arn = self.arn.rpartition(":build/")[0].replace(":codebuild:", ":logs:")
        return {
            "groupName": self.log_group,
            "streamName": self.log_stream,
            "deepLink": page + path,
            "cloudWatchLogsArn": f"{arn}:log-group:{self.log_group}:log-stream:{self.log_stream}",
            "cloudWatchLogs": {"status": "ENABLED"},
        }


def _quote_twice(text: str) -> str:
    """The console's encoding of names in its URLs."""
    return quote(quote(text, safe=""), safe="").replace("%", "$")
