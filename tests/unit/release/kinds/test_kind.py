"""A kind of serving is a folder and a line: without both, the others plan as before; unused, it is not imported."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from release.kinds import KINDS

ROOT = Path(__file__).resolve().parents[4]
OVERLAYS = {
    "realtime": "",
    "serverless": '[serving]\nkind = "serverless"\nmax_payload_bytes = 4194304\ndata_capture_percent = 0\n'
    '[rollout]\nstrategy = "all_at_once"\n',
}
# Imports every module of release, plans with the given settings, and prints what is imported.
PLAN = """
import importlib, json, pkgutil, sys
from pathlib import Path
import release
from release.plan.plan import plan
from release.state.state import State
from settings.errors import Problem
from settings.loader import load
if sys.argv[2] == "all":
    for module in pkgutil.walk_packages(release.__path__, "release."):
        importlib.import_module(module.name)
try:
    text = plan(load("prod", Path(sys.argv[1])), State({}, "arn:aws:x:model-package/churn/1", None, None)).title
except Problem as problem:
    text = f"refused: {problem}"
print(json.dumps([release.__file__, text, sorted(name for name in sys.modules if name.startswith("release.kinds."))]))
"""


def run_plan(settings_of, tmp_path, kind, room=ROOT, modules="all"):
    settings_of(OVERLAYS[kind])
    variables = os.environ | {"PYTHONPATH": f"{room}{os.pathsep}{ROOT}"}
    argv = [sys.executable, "-c", PLAN, str(tmp_path / "config"), modules]
    result = subprocess.run(argv, env=variables, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def remove(kind, folder):
    """A copy of release/ without the kind's folder and line."""
    shutil.copytree(ROOT / "release", folder / "release", ignore=shutil.ignore_patterns("__pycache__"))
    kinds = folder / "release" / "kinds"
    shutil.rmtree(kinds / kind)
    lines = (kinds / "__init__.py").read_text().splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(f'    "{kind}": "release.kinds.')]
    assert len(kept) == len(lines) - 1
    (kinds / "__init__.py").write_text("".join(kept))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_without_its_folder_and_its_line_the_others_plan(settings_of, tmp_path, kind):
    remove(kind, tmp_path)
    for other in KINDS.keys() - {kind}:
        file, text, _ = run_plan(settings_of, tmp_path, other, room=tmp_path)
        assert file.startswith(str(tmp_path))
        assert text.startswith("package churn/1 makes the new endpoint churn-prod")
    _, text, _ = run_plan(settings_of, tmp_path, kind, room=tmp_path)
    assert text.startswith("refused: ")
    assert f'prod.toml: serving.kind = "{kind}": is not part of this repository: choose one of' in text


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_others_are_not_imported(settings_of, tmp_path, kind):
    _, _, modules = run_plan(settings_of, tmp_path, kind, modules="needed")
    assert f"release.kinds.{kind}.kind" in modules
    others = tuple(f"release.kinds.{other}" for other in KINDS.keys() - {kind})
    assert [name for name in modules if name.startswith(others)] == []
