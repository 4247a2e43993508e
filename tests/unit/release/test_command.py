"""The command: what it accepts, what it refuses, what it imports."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import NoCredentialsError

from aws import sessions
from release import command, delete
from release.command import main, resume
from release.context import Timing
from release.options import parser

ROOT = Path(__file__).resolve().parents[3]
ARN = "arn:aws:sagemaker:eu-west-1:000000000000:model-package/churn/1"
HEAVY = ("boto3", "botocore", "pydantic", "rich", "numpy", "pyarrow")


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    monkeypatch.delenv("PIPELINE_ENV", raising=False)


@pytest.fixture
def no_call(monkeypatch):
    def client(settings, service):
        raise AssertionError(f"{service} was called")

    monkeypatch.setattr(sessions, "client", client)


def test_help_imports_nothing_heavy_and_names_every_option():
    code = f"""
import sys
from release.command import main
try:
    main(["--help"])
except SystemExit as end:
    print(end.code, [name for name in {HEAVY} if name in sys.modules])
"""
    variables = os.environ | {"PYTHONPATH": str(ROOT)}
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, env=variables
    ).stdout
    assert output.splitlines()[-1] == "0 []"
    for option in (
        "package",
        "env",
        "config",
        "plan",
        "rollback",
        "now",
        "status",
        "smoke",
        "delete",
        "yes",
        "replace",
        "accept",
    ):
        assert f"--{option}" in output


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("", "nothing to do: name an action; --status is a harmless first one"),
        ("--plan", "nothing to do"),
        (f"--package {ARN} --rollback", "--package excludes other actions: use it without --rollback"),
        ("--status --smoke", "--status excludes other actions"),
        ("--rollback --yes", "--yes goes with --delete only"),
        ("--status --now", "--now goes with --package or --rollback only"),
        ("--delete --plan", "--plan goes with --package or --rollback only"),
        ("--package churn/1", "--package is 'churn/1': give the ARN of a model package"),
        ("--package=", "--package is '': give the ARN of a model package"),
        ("--smoke --expect=", "--expect is '': give the ARN of a model package"),
        ("--status --expect=", "--expect goes with --smoke only"),
        ("--accept why", "nothing to do: name an action"),
        ("--rollback --accept why", "--accept goes with --package only"),
        (f"--package {ARN} --accept=", "--accept needs a reason"),
        ("--abort=", "--abort needs a reason"),
        ("--abort why --rollback", "--rollback excludes other actions: use it without --abort"),
        (f"--package {ARN} --accept=why --now", "--accept deploys nothing: use it without --now"),
    ],
)
def test_contradictory_options_are_refused_before_anything_is_read(capsys, no_call, words, sentence):
    assert main([*words.split(), "--config", "/nowhere"]) == 2
    assert f"error: {sentence}" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--env", "moon"], ["--config", "/nowhere"]])
def test_settings_that_cannot_be_used_are_one_sentence(capsys, no_call, words):
    assert main(["--status", *words]) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith("error: ")
    assert "Traceback" not in captured.err


def test_missing_credentials_are_one_sentence(capsys, monkeypatch):
    def client(settings, service):
        raise NoCredentialsError

    monkeypatch.setattr(sessions, "client", client)
    assert main(["--status"]) == 1
    assert "error: no credentials" in capsys.readouterr().err


def test_a_defect_is_one_line_and_keeps_its_trace_in_a_file(capsys, monkeypatch, tmp_path):
    def client(settings, service):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(sessions, "client", client)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert main(["--status"]) == 1
    assert "error: unexpected ZeroDivisionError: a bug" in capsys.readouterr().err
    (trace,) = tmp_path.glob("codepipeline-deploy-*.txt")
    assert "Traceback" in trace.read_text()


@pytest.mark.parametrize(
    "words", [["--package", ARN, "--now", "--replace"], ["--rollback", "--now"], ["--rollback", "--env", "prod+local"]]
)
def test_the_command_that_resumes_is_the_same_one(words, tmp_path):
    options = parser("local").parse_args([*words, "--config", str(tmp_path / "my config")])
    again = resume(options)
    import shlex

    assert vars(parser("none").parse_args(shlex.split(again)[3:])) == vars(options)


@pytest.mark.parametrize(("answer", "code"), [("n", 1), ("", 1), ("yeah", 1), (None, 2)])
def test_delete_asks_and_does_nothing_without_a_yes(context, service, monkeypatch, answer, code, capsys):
    resources = delete.Resources("InService", False, ["c"], ["m"], [])
    monkeypatch.setattr(delete, "read_resources", lambda _: resources)
    monkeypatch.setattr(command, "_context", lambda settings: context)
    monkeypatch.setattr(sys, "stdin", type("Stdin", (), {"isatty": lambda self: answer is not None})())
    monkeypatch.setattr("builtins.input", lambda question: answer)
    assert main(["--delete"]) == code
    if answer is None:
        assert "add --yes to delete churn-local" in capsys.readouterr().err
    else:
        assert context.lines[-1] == "nothing was deleted"


@pytest.mark.parametrize("recorded", [True, False])
def test_delete_works_without_the_bucket_of_the_records(context, monkeypatch, recorded):
    """Where there is one it holds the lease meanwhile, against a deployment at the same time."""
    deleted, leases = [], []

    class Lease:
        check = staticmethod(lambda: None)

        def __init__(self, _):
            leases.append(self)

        def __enter__(self):
            return self

        def __exit__(self, *_): ...

        def record(self, deployment):
            assert deployment is None

    monkeypatch.setattr(delete, "Lease", Lease)
    monkeypatch.setattr(delete.s3_documents, "bucket_exists", lambda _: recorded)
    monkeypatch.setattr(delete, "read_resources", lambda _: delete.Resources("InService", False, ["c"], ["m"], []))
    monkeypatch.setattr(
        delete, "_delete", lambda context, resources, check: (check(), deleted.append(resources.status))
    )
    assert delete.delete(context, True, None) == 0
    assert (deleted, len(leases)) == (["InService"], int(recorded))


def test_the_records_of_an_environment_are_its_own(context):
    assert (context.endpoint_name, context.releases) == ("churn-local", "churn/releases/churn-local")


def test_a_lease_outlives_late_heartbeats():
    assert Timing().lease_timeout > 3 * Timing().heartbeat
