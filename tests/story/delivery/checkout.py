"""A copy of this checkout, to be pushed: only its Makefile, its tests and the length of bakes differ.

localcloud comes from the environment: with its sources every build would unpack twice as many files.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from settings.environments import CONFIG
from tests import toml

ROOT = Path(__file__).resolve().parents[3]
LEFT_OUT = (".*", "__pycache__", "*.egg-info", "build", "reports", "benchmarks", "packages", "tests", "docs", "config")
GIT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
GIT |= {f"GIT_{who}_{what}": "story" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
# Setup, checks and tests of a build take minutes: here it uses the packages of this environment, and has one test.
MAKEFILE = """
.PHONY: setup setup-deploy check-template test
setup setup-deploy:
\tln -sfn '{packages}' .venv
check-template:
\t.venv/bin/python -m compileall -q config tests
test:
\t.venv/bin/python -m pytest -q -p no:cacheprovider --rootdir=tests tests --junitxml=$(REPORTS)/tests.xml
"""
TEST = "def test_it():\n    assert {truth}\n"
SMALL = {  # over local.toml, the last of the layers
    "rollout": {"canary_percent": 50, "wait_seconds": 180, "termination_wait_seconds": 60, "timeout_seconds": 3600},
    "judgement": {
        "latency_factor": 10.0,
        "severe_latency_factor": 1000.0,
        "severe_error_points": 70.0,
        "unjudged_minutes": 60,
    },
    "delivery": {"overdue_hours": 0},  # tests/story/test_overdue.py has it
    "alarms": {"traffic_floor": 4, "datapoints": 1, "evaluation_periods": 1, "latency_ms": 10_000},
    "serving": {"data_capture_percent": 50},
    "training": {"rounds": 5, "early_stopping_rounds": 5},
    "quality_gate": {"threshold": 0.6},
}
LATER = {"name": "later", "expression": "at(2099-01-01T00:00:00)", "timezone": "UTC"}
LATER |= {"min_instances": 3, "max_instances": 3}
PRODUCTION = {
    "serving": {
        "autoscaling_min_instances": 2,
        "autoscaling_max_instances": 3,
        "autoscaling_schedules": [LATER],
    }
}


class Checkout:
    def __init__(self, folder: Path) -> None:
        self.folder, self.config = folder, folder / "config"
        shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*LEFT_OUT))
        shutil.copytree(CONFIG, self.config)
        (folder / "Makefile").write_text(MAKEFILE.format(packages=sys.prefix))
        self.write("tests/test_tiny.py", TEST.format(truth=True))
        self._settings("local.toml", tomllib.loads((self.config / "local.toml").read_text()), SMALL)
        self._settings("staging.toml", {}, {})
        self._settings("prod.toml", {}, PRODUCTION)
        self._git("init", "--quiet", "--initial-branch=main")

    def write(self, name: str, text: str) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def _settings(self, name: str, base: dict[str, Any], over: dict[str, dict[str, Any]]) -> None:
        merged = {section: base.get(section, {}) | over.get(section, {}) for section in base | over}
        self.write(f"config/{name}", toml.render(merged))

    def push(self, repository: str, message: str) -> tuple[str, str]:
        """Commits all that was written; returns the commit and the output of the push."""
        commit = self.commit(message)
        return commit, self._git("push", "--quiet", repository, "main")

    def commit(self, message: str) -> str:
        self._git("add", "--all")
        self._git("commit", "--quiet", "--allow-empty", f"--message={message}")
        return self._git("rev-parse", "HEAD").strip()

    def archive(self, file: Path) -> None:
        """Of the newest commit."""
        self._git("archive", "--format=tar.gz", f"--output={file}", "HEAD")

    def _git(self, *words: str) -> str:
        others = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        command = ["git", *words]
        done = subprocess.run(command, cwd=self.folder, env=others | GIT, capture_output=True, text=True, timeout=60)
        assert not done.returncode, done.stderr
        return done.stdout + done.stderr
