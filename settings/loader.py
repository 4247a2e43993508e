"""``load`` reads the files of an environment and returns its settings, or raises all problems at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from settings import account_rules, delivery_rules, pipeline_rules, release_rules, scaling_rules, serverless_rules
from settings.conflict import Conflict
from settings.environments import CONFIG, LAYER, display_name, overlay_files
from settings.errors import SettingsProblem
from settings.files import BASE, Merged, read
from settings.messages import conflict_line, error_line
from settings.model import Sections, Settings

RULES = (
    *pipeline_rules.RULES,
    *release_rules.RULES,
    *scaling_rules.RULES,
    *serverless_rules.RULES,
    *delivery_rules.RULES,
    *account_rules.RULES,
)


def load(env: str, folder: Path = CONFIG) -> Settings:
    """The settings of one environment; SettingsProblem has a line for everything that is wrong."""
    merged = _merge((BASE, *overlay_files(env, folder)), folder)
    sections, errors = _validated(merged.values)
    sources = {path: source for path, source in merged.sources.items() if "." in path}
    files = tuple(merged.name(file) for file in merged.files)
    names: dict[str, Any] = {"env": env.split(LAYER)[0], "layers": env, "files": files}
    settings = Settings.model_construct(**names, sources=sources, **sections)
    problems = [error_line(merged, error) for error in errors]
    problems += [conflict_line(merged, conflict) for conflict in _conflicts(settings, partial=bool(errors))]
    if problems:
        raise SettingsProblem(*dict.fromkeys(problems))
    return Settings(**names, sources=sources, **sections)


def _merge(files: tuple[str, ...], folder: Path) -> Merged:
    merged = Merged(display_name(folder))
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
    """The sections and the errors; invalid values are left out, so that rules can still check the valid ones."""
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


def _conflicts(settings: Settings, partial: bool) -> Iterator[Conflict]:
    for rule in RULES:
        try:
            yield from rule(settings)
        except AttributeError:  # the rule reads a value that is invalid by itself
            if not partial:
                raise
