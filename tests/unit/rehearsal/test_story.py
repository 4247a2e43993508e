"""What the demo checks before it starts anything."""

import shutil

import pytest

from rehearsal import __main__ as command
from rehearsal.server import Server
from rehearsal.story import check
from settings.environments import CONFIG
from settings.errors import Problem
from settings.loader import load


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setattr(Server, "up", lambda *_: pytest.fail("it was started"))
    return Server(tmp_path / "state")


def test_settings_of_the_example_are_taken():
    check(load("local"))


def test_with_settings_for_other_data_nothing_is_started(server, tmp_path, monkeypatch):
    folder = tmp_path / "config"
    shutil.copytree(CONFIG, folder)
    base = folder / "base.toml"
    base.write_text(base.read_text().replace('target = "churned"', 'target = "price"'))
    monkeypatch.setattr("settings.loader.load", lambda env: load(env, folder))
    with pytest.raises(Problem, match=r'data.target = "price" is of yours: `make model .*bring-your-own-model\.md'):
        command.run(server, keep=False)


def test_a_localcloud_that_runs_is_left_alone(server, monkeypatch):
    monkeypatch.setattr(Server, "is_running", True)
    with pytest.raises(Problem, match="`make down` ends it; the demo starts its own"):
        command.run(server, keep=False)
