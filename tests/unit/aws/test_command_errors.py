"""Whatever goes wrong in a command is one line and an exit code; also when it cannot even start."""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from aws.command_errors import run_command, run_in_environment
from settings.errors import Problem, UsageProblem

ROOT = Path(__file__).resolve().parents[3]
DENIED = {"Error": {"Code": "AccessDenied", "Message": "Access Denied"}}


SETUP = "`make setup`, then `source .venv/bin/activate`"


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        ("pipelines.run --list", SETUP),
        ("codepipeline.deploy --status", SETUP),
        ("localcloud status", "install localcloud there"),
    ],
)
def test_another_python_than_that_of_venv_is_one_sentence(words, remedy):
    bare = [sys.executable, "-S", "-m", *words.split()]  # -S: without the packages that are installed
    env = os.environ | {"PYTHONPATH": str(ROOT / "packages/localcloud/src")}
    done = subprocess.run(bare, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: ")
    assert done.stderr.endswith(f" is not installed for {sys.executable}: {remedy}\n")


def test_a_missing_module_of_the_project_is_a_defect(capsys, monkeypatch, tmp_path):
    def run():
        import pipelines.nowhere  # noqa: F401

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert run_command("command", run) == 1
    assert "error: unexpected ModuleNotFoundError: No module named 'pipelines.nowhere'" in capsys.readouterr().err


@pytest.fixture
def end(folder, capsys):
    def end(error):
        def run(_):
            raise error

        options = argparse.Namespace(env="prod", config=folder())
        return run_in_environment(run, options), capsys.readouterr().err

    return end


def test_what_went_well():
    assert run_in_environment(lambda _: 3, argparse.Namespace()) == 3


def test_a_problem_prints_its_sentence(end):
    assert end(Problem("no such thing")) == (1, "error: no such thing\n")


def test_usage_has_its_own_code(end):
    assert end(UsageProblem("not so")) == (2, "error: not so\n")


def test_interrupted(end):
    assert end(KeyboardInterrupt()) == (130, "\ninterrupted: run it again to go on\n")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ClientError(DENIED, "DescribeStacks"), "you have no permission for"),
        (NoCredentialsError(), "no AWS credentials found"),
    ],
)
def test_refusals_of_aws(end, error, sentence):
    code, text = end(error)
    assert code == 1
    assert re.fullmatch(rf"error: {sentence}.*\n", text)


def test_a_defect_is_one_line_too(end, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    code, text = end(ZeroDivisionError("division by zero"))
    assert code == 1
    assert text.startswith("error: unexpected ZeroDivisionError: division by zero (report this with ")
    assert len(text.splitlines()) == 1
