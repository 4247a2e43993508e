"""What to say about a key or a section that does not exist: most often it is a misspelt or misplaced one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from settings.model import Sections
from settings.values import key_text, short_assignment


def unknown_key(section: str, key: str, value: Any) -> str:
    keys = known()[section]
    elsewhere = [f"{other}.{key}" for other, names in known().items() if key in names]
    meant = [f"{section}.{name}" for name in near(key, keys)] or elsewhere
    remedy = did_you_mean(meant) or f"; remove it: [{section}] has {', '.join(keys)}"
    return f"{short_assignment(f'{section}.{key}', value)}: is not a setting{remedy}"


def unknown_section(name: str, value: Any) -> str:
    if isinstance(value, dict):
        remedy = did_you_mean(near(name, known())) or f"; the sections are {', '.join(known())}"
        return f"[{key_text(name)}]: is not a section{remedy}"
    homes = [f"[{section}]" for section, keys in known().items() if name in keys]
    remedy = f"write it below {' or '.join(homes)}" if homes else "remove it, or write it below a section's name"
    return f"{short_assignment(name, value)}: stands in no section; {remedy}"


def near(value: Any, choices: Iterable[str]) -> list[str]:
    return difflib.get_close_matches(str(value).lower(), list(choices), 1)


def did_you_mean(meant: list[str]) -> str:
    return f"; did you mean {' or '.join(meant)}?" if meant else ""


def known() -> dict[str, list[str]]:
    """Every section with its keys; tags are free."""
    return {name: list(getattr(field.annotation, "model_fields", {})) for name, field in Sections.model_fields.items()}
