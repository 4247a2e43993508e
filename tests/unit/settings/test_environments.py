"""The project's own settings, config/: usable and documented, whatever they are. All other tests use the tests' own."""

from pathlib import Path

import pytest

from settings.environments import environments
from settings.loader import load

CONFIG = Path(__file__).resolve().parents[3] / "config"
EXPLAINED_BY_NAME = ("instance_type", "volume_gb", "max_runtime_seconds", "period_seconds", "metric", "security_groups")


@pytest.mark.parametrize("env", environments(CONFIG))
def test_each_environment_of_the_project_can_be_used(env):
    assert load(env, CONFIG).env == env


def test_every_line_of_base_has_its_meaning_beside_it_or_its_section_above() -> None:
    bare = [line for line in (CONFIG / "base.toml").read_text().splitlines() if " = " in line and "#" not in line]
    unexplained = [
        line for line in bare if not line.startswith((*EXPLAINED_BY_NAME, "region", "autoscaling_min", "project"))
    ]
    assert unexplained == []
