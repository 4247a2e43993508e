"""Values that are fine alone and impossible together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from settings.model import Settings


@dataclass(frozen=True)
class Clash:
    remedy: str  # why it cannot be, and what to set instead
    keys: tuple[str, ...]


Rule = Callable[[Settings], Iterator[Clash]]


def clash(remedy: str, *keys: str) -> Clash:
    return Clash(remedy, keys)
