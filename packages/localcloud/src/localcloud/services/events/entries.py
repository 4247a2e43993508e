"""The entries of PutEvents: their size, what is wrong with one, and the event it becomes."""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from typing import Any

from localcloud.core.clock import Clock

MAX_BYTES = 256 * 1024  # all entries of a request together
TIME_BYTES = 14
MAX_TYPE_LENGTH = 128
REQUIRED = ("Source", "DetailType", "Detail")
AWS_PREFIX = "aws."


class Envelopes:
    def __init__(self, clock: Clock, account: str, region: str) -> None:
        self._clock, self._account, self._region = clock, account, region

    def wrap(self, entry: dict[str, Any]) -> dict[str, Any]:
        """The entry as an event."""
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": entry["DetailType"],
            "source": entry["Source"],
            "account": self._account,
            "time": iso_time(entry.get("Time", self._clock.now())),
            "region": self._region,
            "resources": list(entry.get("Resources", [])),
            "detail": _parse(entry["Detail"]),
        }


def size(entry: dict[str, Any]) -> int:
    """As AWS counts."""
    texts = [*(entry.get(name, "") for name in REQUIRED), *entry.get("Resources", [])]
    return sum(len(text.encode()) for text in texts) + (TIME_BYTES if "Time" in entry else 0)


def problem(entry: dict[str, Any]) -> dict[str, str] | None:
    """An entry's own error, which does not affect the others."""
    for name in REQUIRED:
        if not entry.get(name):
            sentence = f"Parameter {name} is not valid. Reason: {name} is a required argument."
            return _error("InvalidArgument", sentence)
    if entry["Source"].startswith(AWS_PREFIX):
        return _error("NotAuthorizedForSource", "Not authorized for the source.")
    if len(entry["DetailType"]) > MAX_TYPE_LENGTH:
        sentence = f"Parameter DetailType is not valid. Reason: it is longer than {MAX_TYPE_LENGTH} characters."
        return _error("InvalidArgument", sentence)
    if not isinstance(_parse(entry["Detail"]), dict):
        return _error("MalformedDetail", "Detail is malformed.")
    return None


def iso_time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _parse(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _error(code: str, message: str) -> dict[str, str]:
    return {"ErrorCode": code, "ErrorMessage": message}
