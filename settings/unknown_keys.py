"""Messages for keys and sections that do not exist, with the name that was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from settings.formatting import key_text, short_assignment
from settings.model import Sections


def describe_unknown_key(section: str, key: str, value: Any) -> str:
    keys = keys_by_section()[section]
    elsewhere = [f"{other}.{key}" for other, names in keys_by_section().items() if key in names]
    meant = [f"{section}.{name}" for name in closest(key, keys)] or elsewhere
    remedy = suggestion(meant) or f"; remove it: [{section}] has {', '.join(keys)}"
    return f"{short_assignment(f'{section}.{key}', value)}: is not a setting{remedy}"


def describe_unknown_section(name: str, value: Any) -> str:
    if isinstance(value, dict):
        remedy = suggestion(closest(name, keys_by_section())) or f"; the sections are {', '.join(keys_by_section())}"
        return f"[{key_text(name)}]: is not a section{remedy}"
    homes = [f"[{section}]" for section, keys in keys_by_section().items() if name in keys]
    remedy = f"write it below {' or '.join(homes)}" if homes else "remove it, or write it below a section's name"
    return f"{short_assignment(name, value)}: is in no section; {remedy}"


def closest(value: Any, choices: Iterable[str]) -> list[str]:
    return difflib.get_close_matches(str(value).lower(), list(choices), 1)


def suggestion(meant: list[str]) -> str:
    return f"; did you mean {' or '.join(meant)}?" if meant else ""


def keys_by_section() -> dict[str, list[str]]:
    """Every section with its keys; [tags] has none, as any are allowed."""
    return {name: list(getattr(field.annotation, "model_fields", {})) for name, field in Sections.model_fields.items()}
