"""The example of docs/bring-your-own-model.md, "Your own step", as it stands there, in a copy of the repository."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from features import Column, Features, Target
from pipelines.describe import render_steps
from settings.environments import CONFIG

ROOT = Path(__file__).resolve().parents[2]
PROCESSING = "/opt/ml/processing"
ROOMS = ("aws", "pipelines", "scripts", "settings")
SECTION = re.compile(r"^## Your own step$(.*?)^## ", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^ *```(python|diff)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def run(folder: Path, *words: str | Path, text: str = "") -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(folder)}
    return subprocess.run(words, cwd=folder, input=text, env=environment, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository after the three changes."""
    folder = tmp_path_factory.mktemp("repository")
    for room in ROOMS:
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(CONFIG, folder / "config")
    [section] = SECTION.findall((ROOT / "docs/bring-your-own-model.md").read_text())
    for language, block in BLOCK.findall(section):
        text = textwrap.dedent(block)
        if language == "diff":
            applied = run(folder, "git", "apply", "--recount", "-", text=text)
            assert applied.returncode == 0, applied.stderr
        else:
            first, _, content = text.partition("\n")
            assert not (folder / first.removeprefix("# ")).exists()
            (folder / first.removeprefix("# ")).write_text(content)
    return folder


@pytest.fixture(scope="module")
def steps(tree: Path) -> list[dict[str, Any]]:
    done = run(tree, sys.executable, "-m", "pipelines.run", "--env", "local", "--config", "config", "--definition")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["Steps"]
    return found


def test_train_waits_for_it(steps: list[dict[str, Any]]) -> None:
    rows = [line.split() for line in render_steps(steps).splitlines()]
    assert rows[1:4] == [
        ["Preprocess", "Processing"],
        ["Validate", "Processing", "Preprocess"],
        ["Train", "Training", "Validate"],
    ]


@pytest.mark.parametrize(
    ("rows", "missing", "taken_as", "sentence"),
    [
        (5000, 0.1, "numeric", ""),
        (5000, 0.9, "left out", ""),
        (999, 0.1, "numeric", "there are 999 training rows, and at least 1,000 are needed: add data"),
        (5000, 0.9, "numeric", 'column "age" lacks 90% of its cells: see data.ignore'),
    ],
)
def test_it_runs_as_the_definition_says(
    tree: Path, steps: list[dict[str, Any]], tmp_path: Path, rows: int, missing: float, taken_as: str, sentence: str
) -> None:
    details = {"rows": {"train": rows}, "columns": [{"name": "age", "taken_as": taken_as, "missing": missing}]}
    folder = tmp_path / "input" / "features"
    folder.mkdir(parents=True)
    columns = (Column("age", "numeric"),)
    Features("regression", Target("y"), columns, ("",), details=details).write(folder / "features.json")
    [step] = [step for step in steps if step["Name"] == "Validate"]
    job = step["Arguments"]["AppSpecification"]
    places = {f"{PROCESSING}/input/code": str(tree / "scripts"), PROCESSING: str(tmp_path)}
    places |= {"/opt/ml/output/message": str(tmp_path / "message")}
    words = [*job["ContainerEntrypoint"], *job["ContainerArguments"]]
    for there, here in places.items():
        words = [word.replace(there, here) for word in words]
    done = run(tmp_path, sys.executable, *words[1:])
    assert (done.returncode, (tmp_path / "message").exists()) == (int(bool(sentence)), bool(sentence)), done.stderr
    assert done.stdout == ("" if sentence else f"valid: {rows:,} training rows\n")
    assert not sentence or (tmp_path / "message").read_text() == sentence
