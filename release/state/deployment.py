"""The record of a deployment from before its first call until its verdict: enough for another run to continue it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from release.state.aws_time import parse


@dataclass(frozen=True)
class Deployment:
    package: str
    config: str  # the endpoint config that is deployed
    model: str
    before: str  # the config that was live; "" for a first deployment
    modified: str  # the endpoint's LastModifiedTime before, to recognize an update that was never sent
    since: str  # by AWS's clock
    shifts: bool  # does traffic move from an old fleet to a new one
    alarms: tuple[str, ...]  # those that roll it back
    known_good: bool = False  # a rollback: the package has shipped before
    leaves: str = ""  # with a rollback: the package that it leaves, which is not good any more

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"alarms": list(self.alarms)}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Deployment:
        """Ignores fields of later versions; raises TypeError or ValueError for anything else."""
        known = {name: record[name] for name in cls.__dataclass_fields__ if name in record}
        deployment = cls(**{**known, "alarms": tuple(known.get("alarms", ()))})
        parse(deployment.since)
        return deployment
