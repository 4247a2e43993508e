"""Why something could not be done with a resource, in a sentence; and whether that is only because it is gone."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from localcloud.core.counters import DEFECTS
from localcloud.core.refusal import Refusal
from localcloud.services.cloudformation.resource_requests import Unfit
from localcloud.services.cloudformation.resources.resource_type import Failed

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

log = logging.getLogger(__name__)
GONE = ("NotFound", "NoSuch", "NonExistent", "DoesNotExist")


class Stopped(Exception):
    """The cloud was reset or ends: nobody wants to know any more."""


class ResourceFailed(Exception):
    def __init__(self, reason: str, *, gone: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.gone = reason, gone


@contextmanager
def understood(cloud: Cloud, what: str) -> Iterator[None]:
    """Whatever goes wrong inside becomes ResourceFailed; a defect of ours is logged and counted as well."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        said, status = error.response["Error"], error.response["ResponseMetadata"]["HTTPStatusCode"]
        code, message = said.get("Code", ""), said.get("Message", "")
        told = f"Operation: {error.operation_name}, Status Code: {status}, Error Code: {code}"
        gone = status == 404 or any(part in code for part in GONE)
        raise ResourceFailed(f'Resource handler returned message: "{message} ({told})"', gone=gone) from None
    except (BotoCoreError, Failed, Unfit) as error:
        sentence = " ".join(str(error).split())
        raise ResourceFailed(f'Resource handler returned message: "{sentence}"') from None
    except Refusal as refusal:
        raise ResourceFailed(refusal.message) from None
    except Exception as error:
        log.exception("%s failed", what)
        cloud.counters.count(DEFECTS)
        raise ResourceFailed(f"Internal Failure: a defect of localcloud: {error!r}") from None
