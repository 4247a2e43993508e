"""What an event can be delivered to: a registry by the kind of ARN. Another module adds a kind so::

    @target("codepipeline", role=True)
    def start_pipeline(cloud: Cloud, sending: Sending) -> None:
        cloud.client("codepipeline").start_pipeline_execution(...)

``send`` runs on a thread of its own, without the lock. botocore's errors are understood by delivery.py; a failure of
another sort is told by ``Undelivered``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from localcloud.services.events.transform import Matched, payload

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud


class Undelivered(Exception):
    """Why a target did not take an event; ``code`` is what EventBridge writes on a dead letter."""

    def __init__(self, code: str, message: str, *, retry: bool = False) -> None:
        super().__init__(message)
        self.code, self.message, self.retry = code, message or code, retry


class Arn(NamedTuple):
    service: str
    region: str
    account: str
    resource: str

    @classmethod
    def of(cls, text: str) -> Arn | None:
        parts = text.split(":", 5)
        well_formed = len(parts) == 6 and parts[0] == "arn" and parts[1] and parts[2] and parts[5]
        return cls(*parts[2:]) if well_formed else None


@dataclass
class Sending:
    """One event on its way to one target of one rule."""

    id: str  # the same in every attempt
    target: Mapping[str, Any]
    matched: Matched
    born: float  # when it was matched, on the clock
    hopped: bool = False  # it came from another bus
    retries: int = 0

    @property
    def event(self) -> Mapping[str, Any]:
        return self.matched.event

    @property
    def resource(self) -> str:
        """``queue-name``, ``pipeline/name``: the last part of the target's ARN."""
        return str(self.target["Arn"]).split(":", 5)[5]

    @property
    def name(self) -> str:
        return self.resource.partition("/")[2]

    def payload(self) -> str:
        return payload(self.target, self.matched)


Send = Callable[["Cloud", Sending], None]
Check = Callable[[Mapping[str, Any]], Iterator[str]]


def _nothing_wrong(_: Mapping[str, Any]) -> Iterator[str]:
    yield from ()


@dataclass(frozen=True)
class Kind:
    send: Send
    role: bool  # AWS wants a RoleArn
    check: Check  # sentences on what is wrong with a target when it is put


KINDS: dict[tuple[str, str], Kind] = {}


def target(
    arn_service: str, arn_resource_prefix: str = "", *, role: bool = False, check: Check = _nothing_wrong
) -> Callable[[Send], Send]:
    """Registers how to deliver to ARNs of a service whose resource begins so."""

    def register(send: Send) -> Send:
        KINDS[arn_service, arn_resource_prefix] = Kind(send, role, check)
        return send

    return register


def kind_of(arn: Arn) -> Kind | None:
    fitting = [prefix for service, prefix in KINDS if service == arn.service and arn.resource.startswith(prefix)]
    return KINDS[arn.service, max(fitting, key=len)] if fitting else None


def kinds() -> str:
    return ", ".join(sorted(f"{service} {prefix}".rstrip("/: ") for service, prefix in KINDS))
