"""TOML from data: settings that a test builds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from settings.formatting import key_text


def render(sections: Mapping[str, Mapping[str, Any]]) -> str:
    blocks = ([f"[{name}]", *_assignments(keys)] for name, keys in sections.items())
    return "\n".join(line for block in blocks for line in block) + "\n"


def _assignments(keys: Mapping[str, Any]) -> list[str]:
    return [f"{key_text(key)} = {_value(value)}" for key, value in keys.items()]


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{ {', '.join(_assignments(value))} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value)
