"""Values as text, for messages and --show-config: in TOML, with secrets masked."""

from __future__ import annotations

import json
import re
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

SECRET = re.compile("access_key|secret|token|password", re.IGNORECASE)  # also in keys that do not exist
LONGEST = 60


def toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=not value.isprintable()).replace("\x7f", "\\u007f")
    if isinstance(value, tuple):
        return f"[{', '.join(toml(item) for item in value)}]"
    if isinstance(value, BaseModel):
        return f"{{ {', '.join(f'{key} = {toml(item)}' for key, item in value)} }}"
    if isinstance(value, MappingProxyType):  # a table that is a setting
        entries = ", ".join(f"{key_text(key)} = {toml(item)}" for key, item in value.items())
        return f"{{ {entries} }}" if entries else "{}"
    return "{…}" if isinstance(value, dict) else str(value)


def key_text(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else toml(key)


def assignment(path: str, value: Any) -> str:
    """``section.key = value``, complete."""
    name = ".".join(key_text(part) for part in path.split(".", 1))
    return f"{name} = {_masked(path, value)}"


def short_assignment(path: str, value: Any) -> str:
    """Likewise, shortened to leave room for a message."""
    return short(assignment(path, value), len(path) + LONGEST)


def short(text: str, most: int = LONGEST) -> str:
    return text if len(text) <= most else text[:most] + "…"


def _masked(path: str, value: Any) -> str:
    return '"****"' if value and SECRET.search(path) else toml(value)
