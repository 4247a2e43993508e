"""Which package answered a request: the label that a handler adds when the request asks for it."""

from __future__ import annotations

import re
from typing import NamedTuple

IDENTIFY = "identify"  # the request's custom attributes
RESPONSE = re.compile(r"package=(?P<package>[^;]+)(?:;request=(?P<request>\d+))?")
ERROR = re.compile(r'"package":\s*"(?P<package>[^"]+)"')  # the message may be cut, and then is no JSON


class Label(NamedTuple):
    package: str  # as in churn/7
    cold: bool = False  # the first request of a worker


def of_response(custom_attributes: str) -> Label | None:
    match = RESPONSE.match(custom_attributes)
    return Label(match["package"], match["request"] == "1") if match else None


def of_error(message: str) -> Label | None:
    """``message``: ModelError's OriginalMessage, which is the body that the model returned."""
    match = ERROR.search(message)
    return Label(match["package"]) if match else None
