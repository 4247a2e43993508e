"""How AWS says no: what an error means for the next move. Sentences for people are in ``aws_errors``."""

from __future__ import annotations

from typing import Any

MISSING = ("ResourceNotFound", "ResourceNotFoundException", "404", "NoSuchKey", "NoSuchBucket", "NotFound")
CONFLICT = ("ConflictException", "ResourceInUse")
TRANSIENT = (
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "SlowDown",
    "InternalFailure",
    "InternalServerError",
    "InternalServerException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "RequestTimeout",
    "RequestTimeoutException",
)


def is_missing(error: Exception) -> bool:
    """Some SageMaker operations say a missing resource with a ValidationException and words."""
    words = ("does not exist", "could not find")
    return _code(error) in MISSING or (_is_validation(error) and any(word in _message(error) for word in words))


def already_exists(error: Exception) -> bool:
    return _is_validation(error) and ("must be unique" in _message(error) or "already exists" in _message(error))


def is_conflict(error: Exception) -> bool:
    return _code(error) in CONFLICT


def is_denied(error: Exception) -> bool:
    return _code(error) in ("AccessDenied", "AccessDeniedException", "403")


def is_transient(error: Exception) -> bool:
    """Worth asking again: throttling, the service's own faults, and a network that comes and goes."""
    from botocore.exceptions import ConnectionError as NoConnection
    from botocore.exceptions import HTTPClientError

    return isinstance(error, NoConnection | HTTPClientError) or _code(error) in TRANSIENT or _status(error) >= 500


def _is_validation(error: Exception) -> bool:
    return _code(error) in ("ValidationException", "ValidationError")


def _response(error: Exception) -> dict[str, Any]:
    return getattr(error, "response", None) or {}


def _code(error: Exception) -> str:
    return str(_response(error).get("Error", {}).get("Code", ""))


def _message(error: Exception) -> str:
    return str(_response(error).get("Error", {}).get("Message", "")).lower()


def _status(error: Exception) -> int:
    return int(_response(error).get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
