"""The environments: each overlay beside base.toml is one, named by its file.

``prod+local`` is production on this machine: prod.toml over base.toml, local.toml over both. The first layer is the
environment and part of every name in AWS; the layers after it only change values.
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from settings.errors import SettingsProblem
from settings.files import BASE

CONFIG = Path(__file__).resolve().parents[1] / "config"
NAME = r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*"
LONGEST_NAME = 16  # it is part of names whose length AWS limits
LAYER = "+"


def environments(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.toml") if _usable(path.stem))


def display_name(folder: Path) -> str:
    """The folder in messages."""
    return "config" if folder == CONFIG else str(folder)


def overlay_files(env: str, folder: Path) -> tuple[str, ...]:
    """The file names of the overlays, the topmost last; an error lists those that exist."""
    if not folder.is_dir():
        raise SettingsProblem(
            f"{display_name(folder)}: is not a folder; settings are {BASE} and one overlay for each environment"
        )
    layers = env.split(LAYER)
    files = tuple(_overlay(layer, env, folder) for layer in layers)
    if len(set(files)) < len(files):
        raise SettingsProblem(f'environment "{env}": has a layer twice; write each once')
    return files


def _overlay(layer: str, env: str, folder: Path) -> str:
    there = environments(folder)
    if layer in there:
        return f"{layer}.toml"
    fault = f"there is no {display_name(folder)}/{layer}.toml"
    if not _usable(layer):
        name = "its name" if layer == env else f'the name of the layer "{layer}"'
        fault = f'{name} must be at most {LONGEST_NAME} lower-case letters, digits and hyphens, and not "base"'
    near = difflib.get_close_matches(layer.lower(), there, 1)
    guess = f"did you mean {near[0]}? " if near else ""
    raise SettingsProblem(f'environment "{env}": {fault}; {guess}there are: {", ".join(there) or "none"}')


def _usable(env: str) -> bool:
    return f"{env}.toml" != BASE and len(env) <= LONGEST_NAME and bool(re.fullmatch(NAME, env))
