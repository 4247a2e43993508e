"""What ``python -m rehearsal.up`` passes to ``localcloud up``, and where it starts nothing."""

import json
import os
import shutil
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from rehearsal import seed, up
from settings.environments import CONFIG

ROOT = Path(__file__).resolve().parents[3]


class Started(Exception):
    pass


@pytest.fixture
def config(tmp_path):
    return Path(shutil.copytree(CONFIG, tmp_path / "config"))


@pytest.fixture
def run(config, tmp_path, monkeypatch):
    """Returns the words after ``python -m localcloud``; None when it started nothing."""

    def execv(program, words):
        assert program == words[0] == sys.executable
        assert words[1:3] == ["-m", "localcloud"]
        assert Path.cwd() == ROOT
        raise Started(words[3:])

    def run(*words):
        try:
            assert up.up(tmp_path / "state", config, list(words)) == 0
        except Started as started:
            return started.args[0]
        return None

    monkeypatch.setattr(seed, "ROWS", 50)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "execv", execv)
    return run


def test_localcloud_gets_the_seed_and_every_other_option(run, tmp_path):
    folder = tmp_path / "state"
    words = ["--folder", str(folder), "up", "--seed", str(folder / "seed.json"), "--speed", "60"]
    assert run("--speed", "60") == words
    assert json.loads((folder / "seed.json").read_text())["account"] == "000000000000"


def test_settings_that_are_wrong_are_a_warning_and_the_account_is_still_theirs(run, config, tmp_path, capsys):
    local = config / "local.toml"
    local.write_text(local.read_text().replace('"000000000000"', '"111122223333"') + "\n[data]\ntargt = 'x'\n")
    words = ["up", "--account", "111122223333", "--region", "eu-west-1"]
    assert run() == ["--folder", str(tmp_path / "state"), *words]
    warning = capsys.readouterr().err
    assert warning.startswith("warning: the bucket, the role or the example data are not there: ")
    assert "data.targt" in warning
    assert warning.count("\n") == 1


def test_account_and_region_are_those_of_the_local_settings(tmp_path):
    assert up.account_settings(tmp_path) == {}
    (tmp_path / "base.toml").write_text('[aws]\nregion = "eu-central-1"\naccount_id = ""\n')
    (tmp_path / "local.toml").write_text('[aws]\naccount_id = "111122223333"\n[tags]\na = "b"\n')
    assert up.account_settings(tmp_path) == {"region": "eu-central-1", "account_id": "111122223333"}


def test_settings_that_are_no_toml_start_nothing(config, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(os, "execv", lambda *_: pytest.fail("it was started"))
    (config / "local.toml").write_text("[aws")
    assert up.main(["--folder", str(tmp_path / "state"), "--config", str(config)]) == 1
    assert "error: config/local.toml: " in capsys.readouterr().err


@pytest.fixture
def server():
    """Answers every request with an empty object."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_in_a_process_that_localcloud_started_it_starts_nothing(run, server, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LOCALCLOUD_URL", server)
    assert run() is None
    assert tuple(capsys.readouterr()) == (f"{server}\n", "")  # each command of a build runs it
    assert not (tmp_path / "state").exists()


def test_a_server_that_started_this_process_and_is_gone_is_a_sentence(monkeypatch, capsys):
    monkeypatch.setenv("LOCALCLOUD_URL", "http://127.0.0.1:1")
    assert up.main([]) == 1
    error = capsys.readouterr().err
    assert "does not respond" in error
    assert "unset LOCALCLOUD_URL" in error
