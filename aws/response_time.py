"""AWS's time, which may run faster than this machine's in a rehearsal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

SPEED_HEADER = "x-clock-speed"


def response_time(response: Mapping[str, Any]) -> datetime:
    """To the second, from the ``Date`` header."""
    return parsedate_to_datetime(response["ResponseMetadata"]["HTTPHeaders"]["date"]).astimezone(UTC)


def clock_speed(response: Mapping[str, Any]) -> float:
    """How many times as fast as real time it runs: a local server may say so in a header of its own."""
    return float(response["ResponseMetadata"]["HTTPHeaders"].get(SPEED_HEADER, 1))
