"""``--show-config``: every setting on a line of its own, with the file it comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from settings.errors import SettingsProblem
from settings.files import BASE
from settings.formatting import assignment
from settings.model import Sections, Settings

WIDEST = 72  # longer lines do not move the column of sources to the right
DERIVED: dict[str, Callable[[Settings], str]] = {
    "aws.bucket": lambda settings: settings.bucket,
    "aws.role_arn": lambda settings: settings.role_arn,
    "aws.hosting_role_arn": lambda settings: settings.hosting_role_arn,
    "data.uri": lambda settings: settings.data_uri,
}
NAMES: dict[str, Callable[[Settings], str]] = {
    "pipeline_name": lambda settings: settings.pipeline_name,
    "endpoint_name": lambda settings: settings.endpoint_name,
    "prefix": lambda settings: settings.prefix,
}


def show(settings: Settings) -> str:
    """TOML with sources: ``training.rounds = 500   # base.toml``."""
    blocks = [list(_section(settings, name)) for name in Sections.model_fields]
    blocks.append([_derived(settings, path, derive) for path, derive in NAMES.items()])
    lines = [line for block in blocks for line in block]
    width = max((len(text) for text, _ in lines if len(text) <= WIDEST), default=0)
    shown = ("\n".join(f"{text:<{width}}  # {source}" for text, source in block) for block in blocks if block)
    _, *overlays = settings.files
    files = " over ".join([*reversed(overlays), BASE])
    return f"# {files}\n" + "\n\n".join(shown)


def _section(settings: Settings, name: str) -> Iterator[tuple[str, str]]:
    for key, value in dict(getattr(settings, name)).items():
        path = f"{name}.{key}"
        if path in DERIVED and not value:
            yield _derived(settings, path, DERIVED[path])
        else:
            yield assignment(path, value), settings.sources[path]


def _derived(settings: Settings, path: str, derive: Callable[[Settings], str]) -> tuple[str, str]:
    try:
        return assignment(path, derive(settings)), "derived"
    except SettingsProblem:
        return assignment(path, ""), "to be derived: set aws.account_id"
