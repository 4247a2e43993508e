"""The commit that the code of a run comes from."""

from __future__ import annotations

import subprocess
from pathlib import Path

UNKNOWN = "unknown"  # that of a definition which was not uploaded by a build


def commit(folder: Path) -> str | None:
    """The commit of the tree that holds ``folder``, ``-dirty`` with changes under it; None where git cannot tell
    (no git, no repository, no commit yet, or a build that received the sources as an archive)."""
    name = _git(folder, "rev-parse", "--verify", "HEAD")
    changes = _git(folder, "status", "--porcelain", "--", ".")
    if not name or changes is None:
        return None
    return f"{name}-dirty" if changes else name


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        result = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout.strip() if result.returncode == 0 else None
