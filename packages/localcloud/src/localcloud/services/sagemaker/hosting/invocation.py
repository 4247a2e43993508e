"""One request to a model and its result."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter


class FleetStopped(LookupError):
    """The fleet is leaving and did not take the request: choose a fleet again."""


class Throttled(Exception):
    """As many requests run as the variant may have at once."""


@dataclass(frozen=True)
class Invocation:
    body: bytes
    content_type: str = ""
    accept: str = ""
    custom_attributes: str = ""
    inference_id: str = ""
    received: float = field(default_factory=perf_counter)  # the time since then, less the model's, is overhead


@dataclass(frozen=True)
class InvocationResult:
    status: int  # the model's; 0 when it did not respond
    body: bytes  # the model's; without a response, the reason
    content_type: str = ""
    custom_attributes: str = ""
    stream: str = ""  # the log stream of the instance; "" when no instance was available
    seconds: float = 0.0  # that the model took

    @property
    def lost(self) -> bool:
        return self.status == 0
