"""Unpacks model.tar.gz into a folder and loads it with the inference handler."""

from __future__ import annotations

import errno
import re
import tarfile
import zlib
from pathlib import Path

import inference
from failures import UserError

REQUIRED = ("features.json", "metadata.json")


def load_archive(archive: Path, folder: Path) -> inference.Model:
    """Unpacks (paths outside ``folder`` are refused) and loads the model; errors are one sentence."""
    unpack(archive, folder)
    missing = [name for name in REQUIRED if not (folder / name).is_file()]
    if missing:
        raise UserError(_lacking(archive, " and ".join(missing)))
    return _load(archive, folder)


def _lacking(archive: Path, files: str) -> str:
    return f"{archive} lacks {files}: train the model again with this version of train.py"


def unpack(archive: Path, folder: Path) -> None:
    if not archive.is_file():
        raise UserError(f"there is no {archive}: --model must be the folder that holds a training job's model.tar.gz")
    try:
        with tarfile.open(archive, "r:*") as members:
            members.extractall(folder, filter="data")
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise  # the archive is fine, the disk is full
        raise UserError(f"{archive} cannot be unpacked ({error}): it is damaged; train the model again") from error


def _load(archive: Path, folder: Path) -> inference.Model:
    try:
        return inference.load(folder)
    except FileNotFoundError as error:
        raise UserError(_lacking(archive, Path(error.filename).name)) from error
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise UserError(f"the model in {archive} cannot be loaded ({_reason(error)}): train it again") from error


def _reason(error: Exception) -> str:
    """The first line, without the time and source file that XGBoost prepends."""
    first = f"{error}".partition("\n")[0]
    return re.sub(r"^\[[\d:]+\] \S+: ", "", first) or type(error).__name__
