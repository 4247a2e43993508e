"""Classifies errors of AWS by what can be done next. ``aws.errors`` has the sentences for people."""

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
    "ModelNotReadyException",
    "InternalFailure",
    "InternalServerError",
    "InternalServerException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "RequestTimeout",
    "RequestTimeoutException",
)


def is_missing(error: Exception) -> bool:
    """Some SageMaker operations report a missing resource as a ValidationException; only its message tells."""
    phrases = ("does not exist", "could not find")
    return _code(error) in MISSING or (_is_validation(error) and any(phrase in _message(error) for phrase in phrases))


def already_exists(error: Exception) -> bool:
    return _is_validation(error) and ("must be unique" in _message(error) or "already exists" in _message(error))


def is_conflict(error: Exception) -> bool:
    return _code(error) in CONFLICT


def is_in_progress(error: Exception) -> bool:
    """Of an endpoint that something else is changing: its autoscaling, or another update."""
    return _is_validation(error) and "in-progress" in _message(error)


def is_denied(error: Exception) -> bool:
    return _code(error) in ("AccessDenied", "AccessDeniedException", "403")


def is_transient(error: Exception) -> bool:
    """Worth a retry: throttling, faults of the service, and an unreliable network."""
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
