"""The endpoint of an environment, which a command of the settings may have to start."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from aws import endpoint
from settings.errors import AwsProblem

ROOT = Path(__file__).resolve().parents[3]


def aws(*command, url=""):
    return SimpleNamespace(endpoint_command=command, endpoint_url=url)


def script(text):
    return "python", "-c", text


def test_aws_itself_has_no_url():
    assert endpoint.url(aws()) is None


def test_a_configured_url_is_returned_unchanged():
    assert endpoint.url(aws(url="http://127.0.0.1:9")) == "http://127.0.0.1:9"


def test_the_last_line_of_the_command_is_the_url():
    assert endpoint.url(aws(*script("print('it runs'); print('http://127.0.0.1:7')"))) == "http://127.0.0.1:7"


def test_python_means_the_running_interpreter(capfd):
    endpoint.url(aws(*script("import sys; print(sys.executable, file=sys.stderr); print('http://127.0.0.1:8')")))
    assert capfd.readouterr().err.strip() == sys.executable


def test_the_command_runs_in_the_projects_root_whatever_the_current_folder(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    endpoint.url(aws(*script("import os, sys; print(os.getcwd(), file=sys.stderr); print('http://127.0.0.1:5')")))
    assert capfd.readouterr().err.strip() == str(ROOT)


def test_the_command_runs_once(tmp_path):
    count = f"open({str(tmp_path / 'n')!r}, 'a').write('x'); print('http://127.0.0.1:6')"
    for _ in range(3):
        endpoint.url(aws(*script(count)))
    assert (tmp_path / "n").read_text() == "x"


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (script("raise SystemExit(3)"), "ended with 3"),
        (script("print('ready')"), "printed no URL"),
        (script(""), "printed no URL"),
        (("no-such-command-here",), "cannot be run"),
    ],
)
def test_a_command_that_starts_no_server_is_reported_in_one_sentence(command, says):
    with pytest.raises(AwsProblem, match=says):
        endpoint.url(aws(*command))
