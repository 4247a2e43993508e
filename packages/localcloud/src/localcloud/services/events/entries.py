"""The entries of PutEvents: how large they are, what is wrong with one, and the event it becomes. Pure."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

LARGEST = 256 * 1024  # bytes, all entries of a request together
TIME_BYTES = 14
LONGEST_TYPE = 128
REQUIRED = ("Source", "DetailType", "Detail")
FOR_AWS_ONLY = "aws."


def size(entry: dict[str, Any]) -> int:
    """As AWS counts."""
    texts = [*(entry.get(name, "") for name in REQUIRED), *entry.get("Resources", [])]
    return sum(len(text.encode()) for text in texts) + (TIME_BYTES if "Time" in entry else 0)


def problem(entry: dict[str, Any]) -> dict[str, str] | None:
    """An entry's own error; the others are not harmed."""
    for name in REQUIRED:
        if not entry.get(name):
            sentence = f"Parameter {name} is not valid. Reason: {name} is a required argument."
            return _error("InvalidArgument", sentence)
    if entry["Source"].startswith(FOR_AWS_ONLY):
        return _error("NotAuthorizedForSource", "Not authorized for the source.")
    if len(entry["DetailType"]) > LONGEST_TYPE:
        sentence = f"Parameter DetailType is not valid. Reason: it is longer than {LONGEST_TYPE} characters."
        return _error("InvalidArgument", sentence)
    if not isinstance(_parsed(entry["Detail"]), dict):
        return _error("MalformedDetail", "Detail is malformed.")
    return None


def envelope(entry: dict[str, Any], *, id: str, account: str, region: str, now: datetime) -> dict[str, Any]:
    return {
        "version": "0",
        "id": id,
        "detail-type": entry["DetailType"],
        "source": entry["Source"],
        "account": account,
        "time": stamp(entry.get("Time", now)),
        "region": region,
        "resources": list(entry.get("Resources", [])),
        "detail": _parsed(entry["Detail"]),
    }


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _error(code: str, message: str) -> dict[str, str]:
    return {"ErrorCode": code, "ErrorMessage": message}
