"""Selects the files of artifacts, reports and caches by patterns; packs and unpacks zips."""

from __future__ import annotations

import glob
import os
import posixpath
import stat
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from localcloud.services.codebuild.buildspec import Files
from localcloud.services.codebuild.variables import expanded


class NoFiles(Exception):
    """The message of the phase context."""


def select(source: Path, files: Files, environment: Mapping[str, str]) -> dict[str, Path]:
    """Files by their name in the artifact; hidden files are included, folders are not."""
    base = source / expanded(files.base, environment)
    if not base.is_dir():
        raise NoFiles(f"no matching base directory path found for {files.base}")
    excluded = set(_matching(base, files.exclude, environment))
    names = [name for name in _matching(base, files.patterns, environment) if name not in excluded]
    return {_name(name, discard=files.discard_paths): base / name for name in names}


def _matching(base: Path, patterns: Iterable[str], environment: Mapping[str, str]) -> list[str]:
    selected: dict[str, None] = {}
    for pattern in patterns:
        text = expanded(pattern, environment)
        names = sorted(name for name in matching(base, text) if (base / name).is_file())
        selected |= dict.fromkeys(os.path.normpath(name) for name in names)
    return list(selected)


def matching(base: Path, pattern: str) -> list[str]:
    return glob.glob(pattern, root_dir=base, recursive=True, include_hidden=True)  # noqa: PTH207 - Path's has no hidden


def _name(path: str, *, discard: bool) -> str:
    if discard:
        return posixpath.basename(path)
    return path.lstrip("/").removeprefix("../")


def pack(files: Mapping[str, Path], archive: Path) -> None:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1, strict_timestamps=False) as target:
        for name, file in files.items():
            target.write(file, name)


def unpack(archive: Path, folder: Path) -> None:
    """With the permissions and links that the zip records."""
    with zipfile.ZipFile(archive) as source:
        for entry in source.infolist():
            mode = entry.external_attr >> 16
            if stat.S_ISLNK(mode):
                link = folder / entry.filename
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(source.read(entry).decode())
                continue
            path = Path(source.extract(entry, folder))
            if mode and path.is_file():
                path.chmod(stat.S_IMODE(mode) | stat.S_IRUSR | stat.S_IWUSR)
