"""What the demo looks at before it starts anything."""

import shutil

import pytest

from localcloud.core.errors import Problem
from localcloud.core.state_dir import Place
from rehearsal import __main__ as command
from rehearsal.story import check
from settings.environments import CONFIG
from settings.loader import load


def test_settings_of_the_example_are_taken():
    check(load("local"))


def test_with_settings_for_other_data_nothing_is_started(tmp_path, monkeypatch):
    folder = tmp_path / "config"
    shutil.copytree(CONFIG, folder)
    base = folder / "base.toml"
    base.write_text(base.read_text().replace('target = "churned"', 'target = "price"'))
    monkeypatch.setattr("settings.loader.load", lambda env: load(env, folder))
    monkeypatch.setattr("localcloud.cli.commands.up", lambda *_, **__: pytest.fail("it was started"))
    with pytest.raises(Problem, match=r'data.target = "price" is of yours: `make model .*bring-your-own-model\.md'):
        command._tell(Place(tmp_path / "state"), keep=False)
