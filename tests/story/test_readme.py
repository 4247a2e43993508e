"""The README's commands for this machine, run as they stand there, against a localcloud of the test's own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from localcloud.testing import git_repository

ROOT = Path(__file__).resolve().parents[2]
# The commands of the tasks, without the check of .venv: the tests run in one already.
MAKE = {"make up": "python -m rehearsal.up", "make bootstrap": "python -m codepipeline.bootstrap --env local"}
TESTED_ELSEWHERE = {  # here these would change this checkout, or take minutes
    "python -m localcloud remote": "packages/localcloud/tests/cli/test_git_remote.py",
    "git push local main": "tests/story/delivery",
    'eval "$(python -m localcloud env)"': "packages/localcloud/tests/cli/test_commands.py",
    "make down": "packages/localcloud/tests/cli/test_commands.py",
}


def block():
    text = (ROOT / "README.md").read_text().partition("## On this machine, by hand")[2]
    lines = re.search(r"```\n(.*?)```", text, re.DOTALL)[1].splitlines()
    return [line.partition("  #")[0].strip() for line in lines]


@pytest.fixture
def shell(live_cloud):
    """A terminal inside .venv whose AWS is the cloud."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = os.environ | live_cloud.environment() | {"PATH": path, "AWS_PAGER": ""}
    return lambda words: subprocess.run(
        ["bash", "-c", words], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120
    )


def test_the_commands_by_hand(shell, live_cloud, aws):
    git_repository(live_cloud)
    aws("sagemaker").create_model_package_group(ModelPackageGroupName="churn")  # a run makes it
    ran = [line for line in block() if line not in TESTED_ELSEWHERE]
    assert len(ran) == len(block()) - len(TESTED_ELSEWHERE) == 4
    for line in ran:
        done = shell(MAKE.get(line, line))
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    assert len(aws("cloudformation").describe_stacks()["Stacks"]) == 10
    assert not list(live_cloud.access.denials)


def test_the_tasks_are_those_commands():
    makefile = (ROOT / "Makefile").read_text()
    for task, command in MAKE.items():
        recipe = makefile.partition(f"\n{task.removeprefix('make ')}: ")[2].partition("\n.PHONY")[0]
        assert command.removeprefix("python").removesuffix(" --env local") in recipe
    assert all((ROOT / place).exists() for place in TESTED_ELSEWHERE.values())
