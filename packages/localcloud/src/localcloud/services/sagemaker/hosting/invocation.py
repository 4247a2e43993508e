"""One request to a model and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter


class Gone(LookupError):
    """The fleet is leaving and did not take the request: ask the routes again."""


@dataclass(frozen=True)
class Invocation:
    body: bytes
    content_type: str = ""
    accept: str = ""
    custom_attributes: str = ""
    inference_id: str = ""
    began: float = field(default_factory=perf_counter)  # when it came in: what is not the model's time is overhead


@dataclass(frozen=True)
class Answer:
    status: int  # the model's; 0 when it gave none
    body: bytes  # the model's; without an answer, why there is none
    content_type: str = ""
    custom_attributes: str = ""
    stream: str = ""  # the log stream of the instance; "" when there was no instance to ask
    seconds: float = 0.0  # that the model took

    @property
    def lost(self) -> bool:
        return self.status == 0
