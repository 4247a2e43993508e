"""How commands end when they cannot even begin, and with a module of ours that is not there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from aws.command_errors import ended

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("words", ["pipelines.run --list", "codepipeline.deploy --status", "localcloud status"])
def test_another_python_than_that_of_venv_is_one_sentence(words):
    bare = [sys.executable, "-S", "-m", *words.split()]  # -S: without the packages that are installed
    env = os.environ | {"PYTHONPATH": str(ROOT / "packages/localcloud/src")}
    done = subprocess.run(bare, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: ")
    assert done.stderr.endswith(
        " is not installed for " + sys.executable + ": `make setup`, then `source .venv/bin/activate`\n"
    )


def test_a_module_of_ours_that_is_not_there_is_a_defect(capsys, monkeypatch, tmp_path):
    def run():
        import pipelines.nowhere  # noqa: F401

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert ended("command", run) == 1
    assert "error: unexpected ModuleNotFoundError: No module named 'pipelines.nowhere'" in capsys.readouterr().err
