"""The AWS CLI is asked with the settings' region and endpoint, and with nobody's own keys where it is local."""

import pytest

from codepipeline import aws_cli
from codepipeline.aws_cli import AwsCli, parameter_words
from settings.errors import Problem
from settings.loader import load

SIGNED_IN = {"AWS_PROFILE": "work", "AWS_DEFAULT_PROFILE": "work", "AWS_SESSION_TOKEN": "t", "AWS_SECURITY_TOKEN": "t"}


class Server:
    url = "http://127.0.0.1:1"


@pytest.fixture
def local(at):
    return load("local", at(Server))


@pytest.fixture
def noting(tmp_path, monkeypatch):
    """An aws that writes down how it was called."""
    program = tmp_path / "aws"
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/words\nenv > {tmp_path}/variables\nexit 7\n')
    program.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    return tmp_path


def variables(place):
    return dict(line.partition("=")[::2] for line in (place / "variables").read_text().splitlines())


def test_a_local_endpoint_gets_its_own_keys_and_no_others(local, noting, monkeypatch):
    for name, value in SIGNED_IN.items():
        monkeypatch.setenv(name, value)
    assert AwsCli(local).run("sts", "get-caller-identity") == 7
    words = (noting / "words").read_text().strip()
    assert words == "sts get-caller-identity --region eu-west-1 --endpoint-url http://127.0.0.1:1"
    told = variables(noting)
    assert told.keys().isdisjoint(SIGNED_IN)
    assert (told["AWS_ACCESS_KEY_ID"], told["AWS_SECRET_ACCESS_KEY"]) == ("local", "local")
    assert (told["NO_PROXY"], told["AWS_PAGER"]) == ("127.0.0.1,localhost", "")


def test_aws_itself_gets_the_shells_own(folder, noting, monkeypatch):
    for name, value in SIGNED_IN.items():
        monkeypatch.setenv(name, value)
    AwsCli(load("prod", folder())).run("sts", "get-caller-identity")
    assert (noting / "words").read_text().strip() == "sts get-caller-identity --region eu-west-1"
    assert SIGNED_IN.items() <= variables(noting).items()


def test_what_a_person_would_type(local):
    assert AwsCli(local).words("s3", "ls")[:3] == ["aws", "s3", "ls"]


def test_one_on_the_path_will_do_and_none_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.executable", str(tmp_path / "nowhere" / "python"))
    monkeypatch.setattr("shutil.which", lambda _: "/opt/aws")
    assert aws_cli._program() == "/opt/aws"
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(Problem, match="the AWS CLI is not there: `make setup` installs one"):
        aws_cli._program()


def test_values_stay_whole():
    assert parameter_words({"Schedule": "cron(0 3 ? * SUN *)", "Empty": ""}) == [
        "Schedule=cron(0 3 ? * SUN *)",
        "Empty=",
    ]
