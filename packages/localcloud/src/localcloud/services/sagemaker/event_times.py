"""Timestamps in the details of events."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

ISO = "%Y-%m-%dT%H:%M:%SZ"


def in_milliseconds(value: Any) -> Any:
    """All timestamps of a description as milliseconds since 1970."""
    return _convert(value, lambda moment: int(moment.timestamp() * 1000))


def in_iso(value: Any) -> Any:
    """All timestamps of a description as text."""
    return _convert(value, lambda moment: moment.strftime(ISO))


def _convert(value: Any, convert: Callable[[datetime], Any]) -> Any:
    match value:
        case datetime():
            return convert(value)
        case dict():
            return {name: _convert(item, convert) for name, item in value.items()}
        case list():
            return [_convert(item, convert) for item in value]
        case _:
            return value
