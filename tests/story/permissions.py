"""What stories have needed of the templates' roles: recorded before their cloud ends, for `make test-permissions`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from localcloud.testing import role_permissions

FOLDER = Path(__file__).resolve().parents[2] / "build" / "permissions"
Permission = tuple[str, str, str]  # the names of policy and statement, and the action


def record(cloud: Any, story: str) -> None:
    """To be called before a teardown, which deletes the roles, and again later."""
    needed = {
        (each["policy"], each["statement"], each["action"])
        for permissions in role_permissions(cloud).values()
        for each in permissions
        if each["needed"]
    }
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = FOLDER / f"{story}.json"
    file.write_text(json.dumps(sorted(needed | _read(file))))


def recorded() -> set[Permission]:
    """Of all stories."""
    return set().union(*map(_read, FOLDER.glob("*.json")))


def _read(file: Path) -> set[Permission]:
    listed = json.loads(file.read_text()) if file.exists() else []
    return {(policy, statement, action) for policy, statement, action in listed}
