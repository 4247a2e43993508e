"""Asks before something is deleted."""

from __future__ import annotations

from collections.abc import Callable

from settings.errors import UsageProblem

Ask = Callable[[str], str]


def confirm(ask: Ask | None, question: str, subject: str) -> bool:
    """``ask`` is None without a terminal."""
    if ask is None:
        raise UsageProblem(f"--delete needs a terminal to ask for confirmation: add --yes to delete {subject}")
    try:
        answer = ask(f"{question} [y/N] ")
    except EOFError:
        return False
    return answer.strip().lower() in ("y", "yes")
