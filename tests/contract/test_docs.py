"""What the pages name exists: targets, files, settings, commands of ours and of the AWS CLI; the README stays short."""

import inspect
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

from settings.model import Sections

ROOT = Path(__file__).resolve().parents[2]
ENTRANCES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "packages/localcloud/README.md")]
PAGES = sorted([*ENTRANCES, *(ROOT / "docs").rglob("*.md")])
COMMAND = re.compile(r"python (?:-m (?P<module>[\w.]+)|(?P<file>[\w/]+\.py))(?P<words>[^\n`#|]*)")
AWS = re.compile(r"\baws (?P<service>[a-z-]+) (?P<operation>[a-z-]+)(?P<words>(?:\\\n|[^\n`#|])*)")
OF_ANY = {"region", "query", "output", "endpoint-url"}
OWN_COMMANDS = {"get-login-password": "get-authorization-token"}  # of the CLI, with the operation that they call


def pages(found):
    """One case for each page and thing found on it."""
    return [pytest.param(page, item, id=f"{page.name}:{item}") for page in PAGES for item in found(page.read_text())]


def make_targets(text):
    return sorted(set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE)))


def named_paths(text):
    """Links to pages, and anything in code quotes that begins with one of the rooms."""
    rooms = "|".join(path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith("."))
    quoted = re.findall(rf"`((?:{rooms})/[\w./-]*)`", text)
    return sorted(set(quoted) | set(re.findall(r"\]\(([^)#:]+)\)", text)))


def commands(text):
    return sorted({match.group().strip() for match in COMMAND.finditer(text)})


@pytest.mark.parametrize(("page", "target"), pages(make_targets))
def test_make_targets_exist(page, target):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize(("page", "path"), pages(named_paths))
def test_paths_exist(page, path):
    room, _, name = path.partition("/")
    environment = room == "config" and (ROOT / "tests/settings" / name).exists()  # a project may have others
    assert (ROOT / path).exists() or (page.parent / path).exists() or environment


def settings_named(text):
    return sorted(set(re.findall(rf"`((?:{'|'.join(Sections.model_fields)})\.[a-z_]+)\b", text)))


@pytest.mark.parametrize(("page", "setting"), pages(settings_named))
def test_settings_exist(page, setting):
    section, key = setting.split(".")
    kind = Sections.model_fields[section].annotation
    assert key in kind.model_fields if inspect.isclass(kind) else section == "tags"


def aws_commands(text):
    return sorted({match.group().strip() for match in AWS.finditer(text)})


@pytest.mark.parametrize(("page", "command"), pages(aws_commands))
def test_commands_of_the_aws_cli_and_their_flags_exist(page, command):
    match = AWS.match(command)
    model = botocore.session.get_session().get_service_model(match["service"])
    operations = {xform_name(name, "-"): name for name in model.operation_names}
    operation = model.operation_model(operations[OWN_COMMANDS.get(match["operation"], match["operation"])])
    offered = {xform_name(name, "-") for name in operation.input_shape.members} | OF_ANY
    assert set(re.findall(r"--([a-z][\w-]*)", match["words"])) <= offered


@cache
def help_of(command):
    done = subprocess.run([sys.executable, *command, "--help"], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(("page", "command"), pages(commands))
def test_commands_and_their_flags_exist(page, command):
    match = COMMAND.match(command)
    start = ("-m", match["module"]) if match["module"] else (match["file"],)
    words = match["words"].split()
    if match["module"] == "localcloud" and words and words[0].isalpha():
        start += (words[0],)  # each of its commands has flags of its own
    offered = help_of(start)
    for flag in re.findall(r"--[a-z][\w-]*", match["words"]):
        assert re.search(rf"{flag}\b", offered), flag


def test_every_task_of_the_makefile_has_its_line_of_help():
    makefile = (ROOT / "Makefile").read_text()
    tasks = re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    lines = subprocess.run(["make", "--no-print-directory", "help"], capture_output=True, text=True, cwd=ROOT).stdout
    assert tasks
    for task in tasks:
        assert re.search(rf"^  make {task} +\S", lines, re.MULTILINE), task


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) < 150


def test_the_pages_name_something():
    """The searches above would pass on nothing."""
    text = (ROOT / "README.md").read_text()
    assert {"demo", "test"} <= set(make_targets(text))
    assert "docs/architecture.md" in named_paths(text)
    assert any("pipelines.run" in command for command in commands(text))
    runbooks = (ROOT / "docs/operate.md").read_text()
    assert any("retry-stage-execution" in command and "--retry-mode" in command for command in aws_commands(runbooks))
    assert "rollout.wait_seconds" in settings_named(runbooks)
