"""The kinds of targets that events can be delivered to, by the service and the resource of their ARN.

A service adds its own in ``connect()``::

    self.cloud.service(Events).target_kinds.add("codepipeline", "", TargetKind(start_pipeline, needs_role=True))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.core.access.principal import Principal
from localcloud.core.arn import Arn
from localcloud.services.events.invocation import Invocation

Check = Callable[[Mapping[str, Any]], Iterator[str]]


def _no_problems(_: Mapping[str, Any]) -> Iterator[str]:
    yield from ()


@dataclass(frozen=True)
class TargetKind:
    """``send`` acts as the principal, on a thread of its own, without the lock.

    It raises a Refusal, an error of botocore, or a DeliveryFailure.
    """

    send: Callable[[Invocation, Principal], None]
    needs_role: bool = False  # AWS requires a RoleArn
    problems: Check = _no_problems  # of a target in PutTargets


class TargetKinds:
    def __init__(self) -> None:
        self._kinds: dict[tuple[str, str], TargetKind] = {}

    def add(self, service: str, resource_prefix: str, kind: TargetKind) -> None:
        self._kinds[service, resource_prefix] = kind

    def find(self, arn: Arn) -> TargetKind | None:
        """That with the longest prefix of the ARN's resource."""
        prefixes = [prefix for service, prefix in self._kinds if service == arn.service]
        matching = [prefix for prefix in prefixes if arn.resource.startswith(prefix)]
        return self._kinds[arn.service, max(matching, key=len)] if matching else None

    def __str__(self) -> str:
        return ", ".join(sorted(f"{service} {prefix}".rstrip("/: ") for service, prefix in self._kinds))
