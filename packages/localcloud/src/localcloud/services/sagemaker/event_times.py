"""How events tell a time: the detail of an event has a description's times in milliseconds."""

from __future__ import annotations

from datetime import datetime
from typing import Any


def in_milliseconds(value: Any) -> Any:
    match value:
        case datetime():
            return int(value.timestamp() * 1000)
        case dict():
            return {name: in_milliseconds(item) for name, item in value.items()}
        case list():
            return [in_milliseconds(item) for item in value]
        case _:
            return value
