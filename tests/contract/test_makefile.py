"""The tasks for .venv, observed through a uv that only records its calls."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UV = """#!/bin/sh
echo "$@" >> {log}
[ "$1" = venv ] || exit 0
for place; do :; done
mkdir -p "$place/bin"
touch "$place/bin/python"
"""


@pytest.fixture
def checkout(tmp_path):
    """The tasks in an empty checkout: ``make("setup")`` returns the calls of uv, and the completed process."""
    place, tools, log = tmp_path / "checkout", tmp_path / "tools", tmp_path / "log"
    shutil.copytree(ROOT / "requirements", place / "requirements")
    (place / "packages/localcloud").mkdir(parents=True)
    for name in ("Makefile", "setup.py", "packages/localcloud/pyproject.toml"):
        shutil.copy(ROOT / name, place / name)
    tools.mkdir()
    (tools / "uv").write_text(UV.format(log=log))
    (tools / "uv").chmod(0o755)
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}

    def make(*arguments):
        log.write_text("")
        command = ["make", "--no-print-directory", *arguments]
        env["PATH"] = f"{make.tools}{os.pathsep}{os.environ['PATH']}"
        completed = subprocess.run(command, cwd=place, env=env, capture_output=True, text=True, timeout=60)
        return log.read_text().splitlines(), completed

    make.folder, make.tools = place, tools
    return make


def test_the_uv_of_the_machine_makes_venv_and_no_pip_is_needed(checkout):
    calls, completed = checkout("setup")
    assert completed.returncode == 0, completed.stderr
    assert calls[0].startswith("venv --quiet --allow-existing --python /")
    assert calls[1].endswith("--require-hashes --requirements requirements/dev.txt")
    assert calls[2].endswith("--no-deps --editable . --editable packages/localcloud")
    assert checkout("setup")[0] == []


def test_a_python_that_is_too_old_is_not_used(checkout):
    """3.11.2 has no filters for what is unpacked, and is what some systems call python3."""
    old = f'#!/bin/sh\nexec {sys.executable} -c "import sys; sys.version_info = (3, 11, 2); exec(sys.argv[1])" "$2"\n'
    for name in ("python3", "python3.11", "python3.12", "python3.13"):
        (checkout.tools / name).write_text(old)
        (checkout.tools / name).chmod(0o755)
    calls, completed = checkout("setup")
    assert (calls, completed.returncode) == ([], 2)
    assert "error: no Python 3.11 (3.11.4 or later), 3.12 or 3.13 found" in completed.stdout
    assert checkout("setup", f"PYTHON={sys.executable}")[1].returncode == 0


def test_a_uv_in_a_path_with_a_space_is_found(checkout, tmp_path):
    """A build finds that of the checkout it was pushed from, wherever that is."""
    checkout.tools = checkout.tools.rename(tmp_path / "my tools")
    calls, completed = checkout("setup")
    assert completed.returncode == 0, completed.stderr
    assert len(calls) == 3


def test_an_incomplete_environment_is_completed(checkout):
    whole = (checkout.tools / "uv").read_text()
    (checkout.tools / "uv").write_text(f"{whole}exit 1\n")
    assert checkout("setup")[1].returncode == 2
    (checkout.tools / "uv").write_text(whole)
    calls, completed = checkout("setup")
    assert completed.returncode == 0, completed.stderr
    assert calls[0].startswith("venv ")


def test_a_release_needs_little(checkout):
    calls, completed = checkout("setup-deploy")
    assert completed.returncode == 0, completed.stderr
    assert [line.rpartition(" ")[2] for line in calls] == [".venv", "requirements/deploy.txt"]
    assert "--require-hashes" in calls[1]
    assert checkout("setup-deploy")[0] == []
    calls, _ = checkout("setup")  # the light one becomes whole
    assert [line.rpartition(" ")[2] for line in calls] == ["requirements/dev.txt", "packages/localcloud"]


def test_a_whole_venv_stays_whole(checkout):
    checkout("setup")
    assert checkout("setup-deploy")[0] == []
    assert not (checkout.folder / ".venv/.ready-to-deploy").exists()


def test_the_scanner_has_an_environment_of_its_own(checkout):
    calls, _ = checkout(".venv/scan/.ready")
    assert any(
        "--python .venv/scan/bin/python --require-hashes --requirements requirements/scan.txt" in line for line in calls
    )
    assert not any("dev.txt" in line for line in calls)


def test_there_are_three_tiers_of_tests(checkout):
    checkout("setup")
    _, completed = checkout("test", "TESTS=most")
    assert completed.returncode == 2
    assert completed.stdout == "error: TESTS=most: all, template or unit\n"


def pins(name):
    """The pins of a file, each with its hashes, by their first words."""
    text = (ROOT / f"requirements/{name}.txt").read_text().replace("\\\n", " ")
    return {line.partition("--hash")[0].strip(): line for line in text.splitlines() if line and line[0] != "#"}


def test_a_release_runs_with_the_versions_of_the_tests():
    whole, light = pins("dev"), pins("deploy")
    assert light
    assert light.items() <= whole.items()


@pytest.mark.parametrize("name", sorted(file.stem for file in (ROOT / "requirements").glob("*.in")))
def test_what_is_installed_is_pinned_by_hash_from_the_usual_index(name):
    if name == "project":
        return  # a part of dev.in
    lines = pins(name)
    assert lines
    assert [pin for pin, line in lines.items() if "==" not in pin or "--hash=sha256:" not in line] == []
    assert not any("://" in line or "--index" in line or "--find-links" in line for line in lines.values())


def test_the_evaluator_of_policies_is_pinned_by_hash_from_the_usual_registry():
    text = (ROOT / "requirements/iam/package-lock.json").read_text()
    packages = {name: package for name, package in json.loads(text)["packages"].items() if name}
    assert "node_modules/@cloud-copilot/iam-simulate" in packages
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert "://" not in text
    assert "npm ci --prefix $(IAM) --ignore-scripts" in (ROOT / "Makefile").read_text()


def test_without_a_uv_a_pinned_one_is_installed():
    recipe = (ROOT / "Makefile").read_text()
    assert (
        "pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/uv.txt" in recipe
    )
    assert len(pins("uv")) == 1
