"""A build tests the template on settings of the tests' own, and of the project's settings that they can be used."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from settings.environments import CONFIG, environments
from settings.loader import load

ROOT = Path(__file__).resolve().parents[3]
OWN = ROOT / "config"


@pytest.mark.parametrize("env", environments(OWN))
def test_each_environment_of_the_project_can_be_used(env):
    assert load(env, OWN).env == env


def test_the_tests_have_settings_of_their_own_also_in_what_they_start():
    assert ROOT / "tests/config" == CONFIG
    code = "from settings.environments import CONFIG; print(CONFIG)"
    told = {}
    for name, env in (("tests", os.environ), ("project", os.environ | {"PIPELINE_TEST_CONFIG": ""})):
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True)
        told[name] = done.stdout.strip()
    assert told == {"tests": str(CONFIG), "project": str(OWN)}
