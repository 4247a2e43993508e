"""One event on its way to one target of one rule, and why a target did not accept it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.core.arn import Arn
from localcloud.services.events.transform import Match, payload


class DeliveryFailure(Exception):
    """``code`` is the ERROR_CODE of the dead letter; ``retry`` says whether another attempt may succeed."""

    def __init__(self, code: str, message: str, *, retry: bool = False) -> None:
        super().__init__(message)
        self.code, self.message, self.retry = code, message or code, retry


@dataclass
class Invocation:
    id: str  # the same in every attempt
    target: Mapping[str, Any]
    match: Match
    created: float  # on the clock
    forwarded: bool = False  # it comes from another bus
    retries: int = 0

    @property
    def event(self) -> Mapping[str, Any]:
        return self.match.event

    @property
    def arn(self) -> Arn:
        """The target's."""
        return Arn.parse(self.target["Arn"])

    def payload(self) -> str:
        return payload(self.target, self.match)
