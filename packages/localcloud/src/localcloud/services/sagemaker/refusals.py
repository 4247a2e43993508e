"""The error that most of SageMaker's operations share."""

from __future__ import annotations

from localcloud.core.refusal import Refusal


def invalid(message: str) -> Refusal:
    return Refusal("ValidationException", message)
