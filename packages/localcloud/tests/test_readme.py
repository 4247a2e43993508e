"""The README is right: its commands, its map, its seed, and the service that it shows how to add."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from localcloud.cli.main import parser
from localcloud.core import seed

PACKAGE = Path(__file__).resolve().parents[1]
SRC = PACKAGE / "src/localcloud"
README = (PACKAGE / "README.md").read_text()


def section(title: str) -> str:
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def rows(title: str) -> list[tuple[str, str]]:
    """The first two cells of a section's table."""
    cells = [line.split("|")[1:3] for line in section(title).splitlines() if line.startswith("| `")]
    return [(name, text) for name, text in cells]


def test_it_has_every_command_and_option() -> None:
    actions = {action.dest: action for action in parser()._actions}
    commands = actions["command"].choices
    assert isinstance(commands, dict)
    table = {name.strip("` ").split()[0]: text for name, text in rows("Commands")}
    assert table.keys() == commands.keys()
    for name, command in commands.items():
        options = {max(each.option_strings, key=len) for each in command._actions if each.option_strings}
        assert {option for option in options - {"--help", "--follow"} if option not in table[name]} == set(), name


def test_its_paths_exist() -> None:
    for folder, text in rows("Map"):
        place = SRC / folder.strip("` ")
        assert place.exists(), folder
        for name in re.findall(r"`(\w+(?:\.py|/))`", text):
            assert (SRC / name).exists() or any(place.rglob(name.rstrip("/"))), (folder, name)
    for path in re.findall(r"`((?:server|services|core|runtime|cli|tests)/[\w./]+)`", README):
        assert (SRC / path).exists() or (PACKAGE / path).exists() or "appconfig" in path, path


def test_its_seed_is_one(tmp_path: Path) -> None:
    document = json.loads("{" + section("The seed file").partition("\n    {")[2].partition("\n    }\n")[0] + "}")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "churn.csv").touch()
    document["images"][0]["python"] = sys.executable
    content = seed.parse(document, "README.md", tmp_path)
    for field in ("buckets", "roles", "parameters", "connections", "images"):
        assert getattr(content, field), field
        assert f"| `{field}` |" in README


@pytest.fixture
def services() -> list[Any]:
    module = ModuleType("readme")
    code = re.search(r"```python\n(.*?)```", section("Add a service"), re.DOTALL)
    assert code
    exec(code[1], vars(module))  # noqa: S102 - the README's
    return [module.AppConfig]


def test_its_service_works(aws: Any, refused: Any) -> None:
    client = aws("appconfig")
    client.create_application(Name="one")
    assert [each["Name"] for each in client.list_applications()["Items"]] == ["one"]
    refused(client.get_application, "NotImplementedByLocalcloud", ApplicationId="abcdefg")
