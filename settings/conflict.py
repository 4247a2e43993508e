"""Values that are valid alone and invalid together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from settings.model import Settings


@dataclass(frozen=True)
class Conflict:
    remedy: str  # the reason, and what to set instead
    keys: tuple[str, ...]


Rule = Callable[[Settings], Iterator[Conflict]]


def value(s: Settings, path: str) -> object:
    section, key = path.split(".")
    return getattr(getattr(s, section), key)


def conflict(remedy: str, *keys: str) -> Conflict:
    return Conflict(remedy, keys)
