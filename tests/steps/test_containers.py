"""The same pipeline in containers: a group of its own, as it needs a Docker engine.

JOB_IMAGE names the image, such as the real one after a login to its registry; without it a stand-in is built.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from settings.environments import CONFIG

pytestmark = pytest.mark.docker
ROOT = Path(__file__).resolve().parents[2]
STAND_IN = "sagemaker-xgboost-stand-in"


def docker(*words):
    try:
        return subprocess.run(["docker", *words], capture_output=True, text=True, timeout=900)
    except OSError as error:
        return subprocess.CompletedProcess(words, 1, "", str(error))


@pytest.fixture(scope="module")
def image():
    if "JOB_IMAGE" in os.environ:
        return os.environ["JOB_IMAGE"]
    dockerfile = ROOT / "tests/steps/Dockerfile"
    built = docker("build", "--file", str(dockerfile), "--tag", STAND_IN, str(ROOT))
    assert built.returncode == 0, built.stderr
    return STAND_IN


def test_the_pipeline_runs_in_containers(image, tmp_path):
    words = [
        "--folder",
        str(tmp_path),
        "--config",
        str(CONFIG),
        "--parameters",
        "Threshold=0.7",
        "--rows",
        "5000",
        "--docker",
        image,
    ]
    command = [sys.executable, "-m", "rehearsal.one_model", *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "model-package/churn/1" in done.stdout
