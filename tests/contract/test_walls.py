"""What import-linter does not look at: tests, benchmarks and the scripts of the containers keep the walls too."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("settings", "aws", "pipelines", "release", "codepipeline", "rehearsal", "localcloud")


def imports(file):
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imports_of(folder, *rooms):
    """``file: module`` for every import of one of the rooms."""
    return [
        f"{file.relative_to(ROOT)}: {name}"
        for file in sorted((ROOT / folder).rglob("*.py"))
        for name in imports(file)
        if name.partition(".")[0] in rooms
    ]


@pytest.mark.parametrize("folder", ["tests", "benchmarks"])
def test_localcloud_is_reached_through_its_command_its_api_and_its_fixtures(folder):
    names = imports_of(folder, "localcloud")
    assert [name for name in names if ": localcloud.testing." not in name] == []


def test_the_scripts_of_the_containers_import_no_room():
    assert imports_of("scripts", *ROOMS) == []


def test_localclouds_tests_import_no_room_of_the_template():
    assert imports_of("packages/localcloud", *ROOMS[:-1]) == []


def test_the_imports_are_seen():
    assert len(imports_of("tests", "localcloud")) > 5
