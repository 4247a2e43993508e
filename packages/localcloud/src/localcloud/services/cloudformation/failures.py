"""Failures of resources, as the reasons that a stack's events show."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from localcloud.core.counters import DEFECTS, Counters
from localcloud.core.refusal import Refusal
from localcloud.services.cloudformation.resource_requests import ConversionError
from localcloud.services.cloudformation.resources.resource_type import HandlerError, is_not_found

log = logging.getLogger(__name__)


class OperationCancelled(Exception):
    """The cloud was reset or shuts down: the operation stops without a result."""


class ResourceFailure(Exception):
    """``not_found``: the resource no longer exists."""

    def __init__(self, reason: str, *, not_found: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.not_found = reason, not_found


@contextmanager
def resource_failures(counters: Counters, action: str) -> Iterator[None]:
    """Turns every error inside into a ResourceFailure; a defect of localcloud is logged and counted as well."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        details, status = error.response["Error"], error.response["ResponseMetadata"]["HTTPStatusCode"]
        code, message = details.get("Code", ""), details.get("Message", "")
        request = f"Operation: {error.operation_name}, Status Code: {status}, Error Code: {code}"
        sentence = _handler_message(f"{message} ({request})")
        raise ResourceFailure(sentence, not_found=is_not_found(error.response)) from None
    except (BotoCoreError, HandlerError, ConversionError) as error:
        raise ResourceFailure(_handler_message(" ".join(str(error).split()))) from None
    except Refusal as refusal:
        raise ResourceFailure(refusal.message) from None
    except Exception as error:
        log.exception("%s failed", action)
        counters.count(DEFECTS)
        raise ResourceFailure(f"Internal Failure: a defect of localcloud: {error!r}") from None


def _handler_message(message: str) -> str:
    return f'Resource handler returned message: "{message}"'
