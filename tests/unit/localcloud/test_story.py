"""What the demo looks at before it starts anything."""

import shutil

import pytest

from localcloud.errors import Problem
from localcloud.place import Place
from localcloud.story import __main__ as command
from localcloud.story.story import check
from pipelines.settings import CONFIG, load


def test_settings_of_the_example_are_taken():
    check(load("local"))


def test_with_settings_for_other_data_nothing_is_started(tmp_path, monkeypatch):
    folder = tmp_path / "config"
    shutil.copytree(CONFIG, folder)
    base = folder / "base.toml"
    base.write_text(base.read_text().replace('target = "churned"', 'target = "price"'))
    monkeypatch.setattr("pipelines.settings.load", lambda env: load(env, folder))
    monkeypatch.setattr("localcloud.lifecycle.up", lambda *_, **__: pytest.fail("it was started"))
    with pytest.raises(Problem, match=r'data.target = "price" is of yours: `make model .*bring-your-own-model\.md'):
        command._tell(Place(tmp_path / "state"), keep=False)
