"""``load``: files to settings, or every problem at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from settings import account_rules, building_rules, delivery_rules, release_rules, scaling_rules
from settings.conflict import Clash
from settings.environments import CONFIG, LAYER, overlays, shown
from settings.errors import SettingsProblem
from settings.files import BASE, Merged, read
from settings.model import Sections, Settings
from settings.problems import clash_line, error_line

RULES = (
    *building_rules.RULES,
    *release_rules.RULES,
    *scaling_rules.RULES,
    *delivery_rules.RULES,
    *account_rules.RULES,
)


def load(env: str, folder: Path = CONFIG) -> Settings:
    """The settings of one environment; SettingsProblem has a line for everything that is wrong."""
    merged = _merge((BASE, *overlays(env, folder)), folder)
    sections, errors = _validated(merged.values)
    given = {path: source for path, source in merged.sources.items() if "." in path}
    files = tuple(merged.name(file) for file in merged.files)
    names: dict[str, Any] = {"env": env.split(LAYER)[0], "layers": env, "files": files}
    settings = Settings.model_construct(**names, sources=given, **sections)
    problems = [error_line(merged, error) for error in errors]
    problems += [clash_line(merged, clash) for clash in _clashes(settings, partial=bool(errors))]
    if problems:
        raise SettingsProblem(*dict.fromkeys(problems))
    return Settings(**names, sources=given, **sections)


def _merge(files: tuple[str, ...], folder: Path) -> Merged:
    merged = Merged(shown(folder))
    problems: list[str] = []
    for file in files:
        try:
            merged.add(file, read(folder / file, merged.name(file)))
        except SettingsProblem as problem:
            problems += problem.lines
    if problems:
        raise SettingsProblem(*problems)
    return merged


def _validated(values: dict[str, Any]) -> tuple[dict[str, Any], list[ErrorDetails]]:
    """The sections and what is wrong; wrong values are left out, so that the right ones can still be judged."""
    try:
        return dict(Sections.model_validate(values)), []
    except ValidationError as error:
        errors = error.errors(include_url=False)
    wrong = {entry["loc"][:2] for entry in errors}
    sections = {}
    for name, field in Sections.model_fields.items():
        if name in values and (name,) not in wrong:
            right = {key: value for key, value in values[name].items() if (name, key) not in wrong}
            sections[name] = getattr(field.annotation, "model_construct", dict)(**right)
    return sections, errors


def _clashes(settings: Settings, partial: bool) -> Iterator[Clash]:
    for rule in RULES:
        try:
            yield from rule(settings)
        except AttributeError:  # the rule wants a value that was refused already
            if not partial:
                raise
