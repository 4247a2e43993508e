"""Files that are either complete or absent: written under a temporary name, then renamed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from failures import UserError

UNFINISHED = ".unfinished"  # suffix of temporary names; the owner of a folder deletes leftovers at its start


def write(path: Path, content: bytes) -> None:
    temporary = path.with_name(path.name + UNFINISHED)
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Reports a full disk or a read-only folder as an error that the user can fix."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(f"cannot write to {folder}: {reason}; give the job more volume or a writable folder") from error
