"""The AWS CLI runs with the settings' region and endpoint, and without the shell's keys where AWS is local."""

import pytest

from codepipeline import aws_cli
from codepipeline.aws_cli import AwsCli, as_arguments
from settings.errors import Problem
from settings.loader import load

SIGNED_IN = {"AWS_PROFILE": "work", "AWS_DEFAULT_PROFILE": "work", "AWS_SESSION_TOKEN": "t", "AWS_SECURITY_TOKEN": "t"}


class Server:
    url = "http://127.0.0.1:1"


@pytest.fixture
def local(at):
    return load("local", at(Server))


@pytest.fixture
def recording(tmp_path, monkeypatch):
    """A program `aws` that records its arguments and variables."""
    program = tmp_path / "aws"
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/words\nenv > {tmp_path}/variables\nexit 7\n')
    program.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    return tmp_path


def variables(folder):
    return dict(line.partition("=")[::2] for line in (folder / "variables").read_text().splitlines())


def test_a_local_endpoint_gets_its_own_keys_and_no_others(local, recording, monkeypatch):
    for name, value in SIGNED_IN.items():
        monkeypatch.setenv(name, value)
    assert AwsCli(local).run("sts", "get-caller-identity") == 7
    words = (recording / "words").read_text().strip()
    assert words == "sts get-caller-identity --region eu-west-1 --endpoint-url http://127.0.0.1:1"
    found = variables(recording)
    assert found.keys().isdisjoint(SIGNED_IN)
    assert (found["AWS_ACCESS_KEY_ID"], found["AWS_SECRET_ACCESS_KEY"]) == ("local", "local")
    assert (found["NO_PROXY"], found["AWS_PAGER"]) == ("127.0.0.1,localhost", "")


def test_a_build_of_the_local_endpoint_keeps_its_own_keys(local, recording, monkeypatch):
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{Server.url}/keys")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of an assumed role")
    AwsCli(local).run("sts", "get-caller-identity")
    found = variables(recording)
    assert found["AWS_CONTAINER_CREDENTIALS_FULL_URI"] == f"{Server.url}/keys"
    assert (found.get("AWS_ACCESS_KEY_ID"), found["AWS_SESSION_TOKEN"]) == (None, "of an assumed role")


def test_aws_itself_gets_the_keys_of_the_shell(folder, recording, monkeypatch):
    for name, value in SIGNED_IN.items():
        monkeypatch.setenv(name, value)
    AwsCli(load("prod", folder())).run("sts", "get-caller-identity")
    assert (recording / "words").read_text().strip() == "sts get-caller-identity --region eu-west-1"
    assert SIGNED_IN.items() <= variables(recording).items()


def test_the_command_as_a_person_would_type_it(local):
    assert AwsCli(local).command("s3", "ls")[:3] == ["aws", "s3", "ls"]


def test_one_on_the_path_is_used_and_none_is_a_problem(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.executable", str(tmp_path / "nowhere" / "python"))
    monkeypatch.setattr("shutil.which", lambda _: "/opt/aws")
    assert aws_cli._program() == "/opt/aws"
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(Problem, match="the AWS CLI is not installed: `make setup` installs one"):
        aws_cli._program()


def test_values_are_not_split():
    assert as_arguments({"Schedule": "cron(0 3 ? * SUN *)", "Empty": ""}) == [
        "Schedule=cron(0 3 ? * SUN *)",
        "Empty=",
    ]
