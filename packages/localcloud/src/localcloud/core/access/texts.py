"""Elements of a policy that are a text or a list of texts."""

from __future__ import annotations

from typing import Any


def texts(value: Any, what: str) -> tuple[str, ...]:
    """A ValueError if it is anything else."""
    values = value if isinstance(value, list | tuple) else [value]
    if not values or not all(isinstance(one, str) for one in values):
        raise ValueError(f"{what} are {value!r}, not texts")
    return tuple(values)


def values(value: Any, what: str) -> tuple[str, ...]:
    """Of a condition: numbers and booleans count as their JSON texts."""
    many = value if isinstance(value, list | tuple) else [value]
    return texts([_text(one) for one in many], what)


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value
