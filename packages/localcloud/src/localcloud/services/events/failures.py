"""An error of a call as a delivery failure: EventBridge's code, and whether another attempt may succeed. Pure."""

from __future__ import annotations

from localcloud.core.refusal import Refusal
from localcloud.services.events.invocation import DeliveryFailure
from localcloud.services.events.transform import PathNotFound

THROTTLED = ("Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException", "RequestThrottled")
LIMITED = ("ResourceLimitExceeded", "LimitExceededException", "ServiceQuotaExceededException")
FORBIDDEN = ("AccessDenied", "AccessDeniedException", "AuthorizationError", "NotAuthorized")
ABSENT = ("NotFound", "NonExistent", "DoesNotExist")  # parts of codes: ResourceNotFoundException, QueueDoesNotExist


def failure_of(error: Exception) -> DeliveryFailure | None:
    """None: the error is a defect of localcloud or of a target's code."""
    from botocore.exceptions import ClientError, HTTPClientError

    if isinstance(error, DeliveryFailure):
        return error
    if isinstance(error, PathNotFound):
        return DeliveryFailure("INVALID_PARAMETER", str(error))
    if isinstance(error, Refusal):
        return _from_response(error.code, error.message, error.status)
    if isinstance(error, HTTPClientError):
        return DeliveryFailure("CONNECTION_FAILURE", str(error), retry=True)
    if isinstance(error, ClientError):
        response = error.response
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
        return _from_response(response["Error"]["Code"], response["Error"].get("Message", ""), status)
    return None


def _from_response(code: str, message: str, status: int) -> DeliveryFailure:
    sentence = f"{code}: {message}"
    if code in THROTTLED or status == 429:
        return DeliveryFailure("THROTTLING", sentence, retry=True)
    if status >= 500:
        return DeliveryFailure("INTERNAL_ERROR", sentence, retry=True)
    if code in LIMITED:
        return DeliveryFailure("RESOURCE_LIMIT_EXCEEDED", sentence, retry=True)
    if code in FORBIDDEN or status == 403:
        return DeliveryFailure("NO_PERMISSIONS", sentence)
    if status == 404 or any(part in code for part in ABSENT):
        return DeliveryFailure("NO_RESOURCE", sentence)
    return DeliveryFailure("INVALID_PARAMETER", sentence)
