"""What a release is requested to do: which package, and how."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReleaseRequest:
    package: str
    all_at_once: bool = False
    replace: bool = False
    known_good: bool = False  # a rollback: the package has shipped before
    leaves: str = ""  # with a rollback: the package that it leaves
