"""Settings: ``config/base.toml`` and one small overlay, read once into strict, frozen models.

``load`` refuses everything that is wrong at once, each problem with its file, key, value and remedy; nothing else in
the project reads configuration files or the environment for settings. ``show`` prints the result and its sources.
"""

from pipelines.settings.environments import CONFIG, environments
from pipelines.settings.loading import load
from pipelines.settings.model import Settings
from pipelines.settings.showing import show

__all__ = ["CONFIG", "Settings", "environments", "load", "show"]
