"""An error response of AWS, raised by an operation."""

from __future__ import annotations

from typing import Any

NOT_IMPLEMENTED = "NotImplementedByLocalcloud"


class Refusal(Exception):
    """``members`` are further fields of the error, such as ModelError's OriginalStatusCode."""

    def __init__(self, code: str, message: str, status: int = 400, **members: Any) -> None:
        super().__init__(message)
        self.code, self.message, self.status, self.members = code, message, status, members


def not_implemented(what: str) -> Refusal:
    """For what AWS has and localcloud has not; the server counts these."""
    return Refusal(NOT_IMPLEMENTED, f"{what} is not implemented by localcloud.")
