"""Which environments there are: every overlay beside base.toml is one, named by its file."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from pipelines.errors import SettingsProblem
from pipelines.settings.files import BASE

CONFIG = Path(__file__).resolve().parents[2] / "config"
NAME = r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*"
LONGEST_NAME = 16  # it is part of every name that AWS limits


def environments(folder: Path = CONFIG) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.toml") if _usable(path.stem))


def shown(folder: Path) -> str:
    """What messages call the folder."""
    return "config" if folder == CONFIG else str(folder)


def overlay(env: str, folder: Path) -> str:
    """The overlay's file name; refused with those that exist."""
    if not folder.is_dir():
        raise SettingsProblem(
            f"{shown(folder)}: is no folder; settings are {BASE} and one overlay for each environment"
        )
    there = environments(folder)
    if env in there:
        return f"{env}.toml"
    fault = f"there is no {shown(folder)}/{env}.toml"
    if not _usable(env):
        fault = f'its name must be at most {LONGEST_NAME} lower-case letters, digits and hyphens, and not "base"'
    near = difflib.get_close_matches(env.lower(), there, 1)
    guess = f"did you mean {near[0]}? " if near else ""
    raise SettingsProblem(f'environment "{env}": {fault}; {guess}there are: {", ".join(there) or "none"}')


def _usable(env: str) -> bool:
    return f"{env}.toml" != BASE and len(env) <= LONGEST_NAME and bool(re.fullmatch(NAME, env))
