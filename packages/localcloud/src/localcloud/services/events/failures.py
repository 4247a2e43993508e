"""A client's error, as EventBridge calls it, and whether it is worth another attempt. Pure."""

from __future__ import annotations

from localcloud.services.events.targets import Undelivered
from localcloud.services.events.transform import NothingThere

THROTTLED = ("Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException", "RequestThrottled")
EXHAUSTED = ("ResourceLimitExceeded", "LimitExceededException", "ServiceQuotaExceededException")
FORBIDDEN = ("AccessDenied", "AccessDeniedException", "AuthorizationError", "NotAuthorized")
ABSENT = ("NotFound", "NonExistent", "DoesNotExist")  # parts of codes: ResourceNotFoundException, QueueDoesNotExist


def understood(error: Exception) -> Undelivered | None:
    """None: a defect, of ours or of a target's code."""
    from botocore.exceptions import ClientError, HTTPClientError

    if isinstance(error, Undelivered):
        return error
    if isinstance(error, NothingThere):
        return Undelivered("INVALID_PARAMETER", str(error))
    if isinstance(error, HTTPClientError):
        return Undelivered("CONNECTION_FAILURE", str(error), retry=True)
    if isinstance(error, ClientError):
        told = error.response
        status = told.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
        return _answered(told["Error"]["Code"], told["Error"].get("Message", ""), status)
    return None


def _answered(code: str, message: str, status: int) -> Undelivered:
    sentence = f"{code}: {message}"
    if code in THROTTLED or status == 429:
        return Undelivered("THROTTLING", sentence, retry=True)
    if status >= 500:
        return Undelivered("INTERNAL_ERROR", sentence, retry=True)
    if code in EXHAUSTED:
        return Undelivered("RESOURCE_LIMIT_EXCEEDED", sentence, retry=True)
    if code in FORBIDDEN or status == 403:
        return Undelivered("NO_PERMISSIONS", sentence)
    if status == 404 or any(part in code for part in ABSENT):
        return Undelivered("NO_RESOURCE", sentence)
    return Undelivered("INVALID_PARAMETER", sentence)
