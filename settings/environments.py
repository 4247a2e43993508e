"""Which environments there are: every overlay beside base.toml is one, named by its file.

``prod+local`` is production as it would be on this machine: prod.toml over base.toml, local.toml over both. The first
name is the environment's, and goes into every name in AWS; what follows only changes values.
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from settings.errors import SettingsProblem
from settings.files import BASE

CONFIG = Path(__file__).resolve().parents[1] / "config"
NAME = r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*"
LONGEST_NAME = 16  # it is part of every name that AWS limits
LAYER = "+"


def environments(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.toml") if _usable(path.stem))


def shown(folder: Path) -> str:
    """What messages call the folder."""
    return "config" if folder == CONFIG else str(folder)


def overlays(env: str, folder: Path) -> tuple[str, ...]:
    """The overlays' file names, the topmost last; refused with those that exist."""
    if not folder.is_dir():
        raise SettingsProblem(
            f"{shown(folder)}: is no folder; settings are {BASE} and one overlay for each environment"
        )
    layers = env.split(LAYER)
    files = tuple(_overlay(layer, env, folder) for layer in layers)
    if len(set(files)) < len(files):
        raise SettingsProblem(f'environment "{env}": names a layer twice; name each once')
    return files


def _overlay(layer: str, env: str, folder: Path) -> str:
    there = environments(folder)
    if layer in there:
        return f"{layer}.toml"
    fault = f"there is no {shown(folder)}/{layer}.toml"
    if not _usable(layer):
        name = "its name" if layer == env else f'the name of the layer "{layer}"'
        fault = f'{name} must be at most {LONGEST_NAME} lower-case letters, digits and hyphens, and not "base"'
    near = difflib.get_close_matches(layer.lower(), there, 1)
    guess = f"did you mean {near[0]}? " if near else ""
    raise SettingsProblem(f'environment "{env}": {fault}; {guess}there are: {", ".join(there) or "none"}')


def _usable(env: str) -> bool:
    return f"{env}.toml" != BASE and len(env) <= LONGEST_NAME and bool(re.fullmatch(NAME, env))
