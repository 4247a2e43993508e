"""The arguments of scripts/preprocess.py that are settings. Without the SDK, whose import takes seconds."""

from __future__ import annotations

from settings.model import Settings
from settings.pipeline import ACTIONS, OTHERS

NUMBERS = ("validation_fraction", "test_fraction", "max_rejected_fraction", "rare_level_rows", "max_levels")
COLUMNS = ("key", "ignore", "categorical", "numeric", "facets")


def preprocess_arguments(settings: Settings) -> list[str]:
    """SageMaker accepts 100 arguments of 256 characters each; the settings refuse longer lists and names."""
    data, problem = settings.data, settings.problem
    words = ["--target", data.target, "--problem", problem.type]
    words += ["--positive", problem.positive] if problem.positive else []
    words += ["--format", data.format, "--delimiter", data.delimiter, "--decimal", data.decimal]
    words += ["--dates", data.dates, "--split", data.split]
    words += ["--event-time", data.event_time] if data.event_time else []
    words += ["--weight", data.weight] if data.weight else []
    for name in NUMBERS:
        words += [_option(name), str(getattr(data, name))]
    words += ["--missing", *data.missing]
    for name in COLUMNS:
        words += [_option(name), *getattr(data, name)] if getattr(data, name) else []
    for action in ACTIONS:
        names = sorted(name for name, one in data.private.items() if one == action and name != OTHERS)
        words += [f"--private-{action}", *names] if names else []
    words += ["--private-others", data.private[OTHERS]] if OTHERS in data.private else []
    return words


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
