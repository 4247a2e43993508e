"""What is asked for: which package, and how."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wanted:
    package: str
    all_at_once: bool = False
    replace: bool = False
    known_good: bool = False  # a way back: the package has shipped before
    leaves: str = ""  # with a way back: the package that it leaves
