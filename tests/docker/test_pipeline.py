"""The same pipeline in containers of JOB_IMAGE, which `make test-docker` sets to a stand-in unless it is set.

It may be the real image, after a login to its registry.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from settings.environments import CONFIG

pytestmark = pytest.mark.docker
ROOT = Path(__file__).resolve().parents[2]


def test_the_pipeline_runs_in_containers(tmp_path):
    where = ["--folder", str(tmp_path), "--config", str(CONFIG)]
    words = [*where, "--parameters", "Threshold=0.7", "--rows", "5000", "--docker", os.environ["JOB_IMAGE"]]
    command = [sys.executable, "-m", "rehearsal.one_model", *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "model-package/churn/1" in done.stdout
