"""A full disk, named before it makes something fail for a reason that nobody recognizes."""

from __future__ import annotations

import shutil
from pathlib import Path

LEAST_MEGABYTES = 20


def disk_problem(folder: Path) -> str:
    """A sentence, or "" while there is room."""
    free = shutil.disk_usage(folder).free / 1e6
    if free >= LEAST_MEGABYTES:
        return ""
    return f"the disk of {folder} is full: {free:.1f} MB are free, {LEAST_MEGABYTES} MB are needed; delete something"
