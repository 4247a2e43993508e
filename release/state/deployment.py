"""What is remembered of a deployment from before its first call until its verdict: enough for another run to go on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from release.state.aws_time import read


@dataclass(frozen=True)
class Deployment:
    package: str
    config: str  # the endpoint config that it is on the way to
    model: str
    before: str  # the config that was live; "" for a first deployment
    modified: str  # the endpoint's LastModifiedTime before, to tell an update that was never sent
    since: str  # by AWS's clock
    shifts: bool  # does traffic move from an old fleet to a new one
    alarms: tuple[str, ...]  # those that roll it back
    known_good: bool = False  # a way back: the package has shipped before
    leaves: str = ""  # with a way back: the package that it leaves, which is not good any more

    def told(self) -> dict[str, Any]:
        return asdict(self) | {"alarms": list(self.alarms)}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Deployment:
        """What a later version of this code may have added is left out; TypeError or ValueError: it is none."""
        known = {name: told[name] for name in cls.__dataclass_fields__ if name in told}
        made = cls(**{**known, "alarms": tuple(known.get("alarms", ()))})
        read(made.since)
        return made
