"""The CDK app synthesizes the same resources as the templates; a group of its own, as CDK is an extra."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from codepipeline.stacks import stacks
from settings.environments import CONFIG
from settings.loader import load

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.cdk
def test_it_synthesizes_the_same_stacks(tmp_path, monkeypatch):
    monkeypatch.setenv("CDK_OUTDIR", str(tmp_path))
    monkeypatch.setenv("PIPELINE_ENV", "local")
    argv = [sys.executable, "-m", "codepipeline.cdk_app", "--config", str(CONFIG)]
    result = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    expected = stacks(load("local"), CONFIG)
    manifest = json.loads((tmp_path / "manifest.json").read_text())["artifacts"]
    for stack, previous in zip(expected, [None, *expected], strict=False):
        template = json.loads((tmp_path / f"{stack.name}.template.json").read_text())
        names = {name for name in template["Resources"] if name != "CDKMetadata"}
        assert names == resources(stack.path)
        assert manifest[stack.name]["environment"] == "aws://000000000000/eu-west-1"
        assert manifest[stack.name]["properties"].get("terminationProtection", False) == stack.holds_data
        assert previous is None or previous.name in manifest[stack.name]["dependencies"]


def resources(path):
    """The logical ids of the template."""
    lines = path.read_text().partition("\nResources:\n")[2].partition("\nOutputs:")[0].splitlines()
    return {line.strip().partition(":")[0] for line in lines if line[:2] == "  " and line[2:3].isalpha()}
