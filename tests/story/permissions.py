"""What stories have needed of the templates' roles: recorded when a story's cloud ends, for `make test-permissions`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from localcloud.testing import role_permissions

FOLDER = Path(__file__).resolve().parents[2] / "build" / "permissions"
Permission = tuple[str, str, str]  # the names of policy and statement, and the action


def record(cloud: Any, story: str) -> None:
    needed = {
        (each["policy"], each["statement"], each["action"])
        for permissions in role_permissions(cloud).values()
        for each in permissions
        if each["needed"]
    }
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{story}.json").write_text(json.dumps(sorted(needed)))


def recorded() -> set[Permission]:
    """Of all stories."""
    return {
        (policy, statement, action)
        for file in FOLDER.glob("*.json")
        for policy, statement, action in json.loads(file.read_text())
    }
