"""A full disk, named before it makes something fail for a reason that nobody recognizes.

AWS has no full disk, and so no error for one. Calls are refused with 507 Insufficient Storage, as AWS's SDKs retry 500,
502, 503 and 504, but not 507.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from localcloud.core.refusal import Refusal

LEAST_MEGABYTES = 20
CODE, STATUS = "NoDiskSpaceForLocalcloud", 507
NO_SPACE = os.strerror(errno.ENOSPC)  # as programs print it


def disk_problem(folder: Path, more_bytes: int = 0) -> str:
    """A sentence when the disk of the folder, or that of temporary files, has no room for so much; else ""."""
    needed = LEAST_MEGABYTES + more_bytes / 1e6
    full = (each for each in _folders(folder) if _free_megabytes(each) < needed)
    return next((_sentence(each, needed) for each in full), "")


def is_full(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def full_disk(folder: Path) -> str:
    """The sentence after something failed because the disk was full, although it may have space again by now."""
    return disk_problem(folder) or _sentence(folder, LEAST_MEGABYTES, "was full")


def refusal(folder: Path) -> Refusal:
    return Refusal(CODE, full_disk(folder), STATUS)


class DiskWatch:
    """Whether the disk was full while something ran that, at its end, may have removed what filled it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.problem = ""

    def check(self) -> str:
        self.problem = self.problem or disk_problem(self._folder)
        return self.problem

    def read(self, line: str) -> None:
        """A line of its output."""
        if NO_SPACE in line and not self.check():
            where = f"on the disk that holds {self._folder} ({_free_megabytes(self._folder):.1f} MB free)"
            self.problem = f'"{NO_SPACE}" is in its log: free some space {where}, or where it wrote to, and try again'


def _folders(folder: Path) -> Iterator[Path]:
    yield folder
    with suppress(FileNotFoundError):  # no folder for temporary files can be written
        yield Path(tempfile.gettempdir())


def _free_megabytes(folder: Path) -> float:
    return shutil.disk_usage(folder).free / 1e6


def _sentence(folder: Path, needed: float, state: str = "is full") -> str:
    free = f"{_free_megabytes(folder):.1f} MB free, {needed:.0f} MB needed"
    return f"the disk that holds {folder} {state} ({free}): free some space and try again"
