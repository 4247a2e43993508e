"""One line on what went wrong, whatever it was, and an exit code."""

import argparse
import re

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from codepipeline.command_errors import ended
from settings.errors import Problem, UsageProblem

DENIED = {"Error": {"Code": "AccessDenied", "Message": "Access Denied"}}


@pytest.fixture
def end(folder, capsys):
    def end(error):
        def run(_):
            raise error

        options = argparse.Namespace(env="prod", config=folder())
        return ended(run, options), capsys.readouterr().err

    return end


def test_what_went_well():
    assert ended(lambda _: 3, argparse.Namespace()) == 3


def test_problems_say_their_own_sentence(end):
    assert end(Problem("no such thing")) == (1, "error: no such thing\n")


def test_usage_has_its_own_code(end):
    assert end(UsageProblem("not so")) == (2, "error: not so\n")


def test_interrupted(end):
    assert end(KeyboardInterrupt()) == (130, "\ninterrupted: run it again to go on\n")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ClientError(DENIED, "DescribeStacks"), "you may not"),
        (NoCredentialsError(), "no AWS credentials found"),
    ],
)
def test_refusals_of_aws(end, error, sentence):
    code, told = end(error)
    assert code == 1
    assert re.fullmatch(rf"error: {sentence}.*\n", told)


def test_a_defect_of_ours_is_one_line_too(end, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    code, told = end(ZeroDivisionError("division by zero"))
    assert code == 1
    assert told.startswith("error: unexpected ZeroDivisionError: division by zero (report this with ")
    assert len(told.splitlines()) == 1
