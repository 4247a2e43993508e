"""A log stream that a service writes as a principal: its policies decide once, when the stream is opened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from localcloud.core.access.principal import Principal
from localcloud.core.refusal import Refusal

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

OPERATIONS = ("CreateLogGroup", "CreateLogStream", "PutLogEvents")  # the first if there is no such group


class LogStream:
    """Lines that may not be written are dropped; ``refusal`` says why."""

    def __init__(self, cloud: Cloud, principal: Principal, group: str, stream: str) -> None:
        self._cloud, self._principal, self.group, self.stream = cloud, principal, group, stream
        self.refusal: Refusal | None = None
        self._opened = False

    def open(self) -> None:
        """Creates the group and the stream if they do not exist."""
        if not self._opened:
            self._opened = True
            self.refusal = self._denial()
            self.write([])

    def write(self, lines: Sequence[str]) -> None:
        self.open()
        if not self.refusal:
            self._cloud.log(self.group, self.stream, lines)

    def _denial(self) -> Refusal | None:
        access = self._cloud.access
        if not access.enforced:
            return None
        request = {"logGroupName": self.group, "logStreamName": self.stream}
        with self._cloud.moto("logs") as logs:
            existing = self.group in logs.groups
        try:
            for operation in OPERATIONS[existing:]:
                access.authorize(self._principal, "logs", operation, request)
        except Refusal as refusal:
            return refusal
        return None
