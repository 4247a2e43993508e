"""The project's own settings, config/: usable and documented, whatever they are. All other tests use the tests' own."""

import tomllib
from pathlib import Path

import pytest

from settings import environments as tests_own
from settings.environments import environments
from settings.loader import load

CONFIG = Path(__file__).resolve().parents[3] / "config"
EXPLAINED_BY_NAME = ("instance_type", "volume_gb", "max_runtime_seconds", "period_seconds", "metric", "security_groups")


@pytest.mark.slow
@pytest.mark.parametrize("env", environments(CONFIG))
def test_each_environment_of_the_project_can_be_used(env):
    assert load(env, CONFIG).env == env


def test_other_tests_cannot_read_them(monkeypatch) -> None:
    assert CONFIG != tests_own.CONFIG
    monkeypatch.setenv("PYTEST_CURRENT_TEST", "tests/unit/test_other.py::test_it")
    with pytest.raises(AssertionError, match=r"base\.toml is the project's own"):
        load("local", CONFIG)
    assert load("local").env == "local"


def test_every_line_of_base_has_its_meaning_beside_it_or_its_section_above() -> None:
    settings, _, _ = (CONFIG / "base.toml").read_text().partition("\n[tags]")  # which are free
    bare = [line for line in settings.splitlines() if " = " in line and "#" not in line]
    unexplained = [line for line in bare if not line.startswith((*EXPLAINED_BY_NAME, "region", "autoscaling_min"))]
    assert unexplained == []


def test_what_other_tests_rely_on_does_not_come_from_them() -> None:
    own = tomllib.loads((tests_own.CONFIG / "base.toml").read_text())
    pinned = tomllib.loads((CONFIG.parent / "tests/settings/overlay.toml").read_text())
    assert {section: own[section] | keys for section, keys in pinned.items()} == {name: own[name] for name in pinned}
    assert own["tags"] == pinned["tags"]
