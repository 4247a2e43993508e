"""A folder that stands for S3: ``s3://bucket/key`` is the file ``<root>/bucket/key``.

Not reproduced: a key that is also another key's folder (``a`` beside ``a/b``), and prefixes that end inside a
name (``data/raw`` does not match ``data/raw-old/x``); versions, metadata, encryption.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Protocol


class Store(Protocol):
    """What jobs and executions need of S3."""

    def read(self, uri: str) -> bytes: ...

    def write(self, uri: str, body: bytes) -> None: ...

    def exists(self, uri: str) -> bool: ...

    def download(self, uri: str, folder: Path) -> int:
        """An object lands in the folder under its own name, a prefix as everything below it; returns the count."""
        ...

    def upload(self, source: Path, uri: str) -> None:
        """A file becomes that object; a folder's files become objects below that prefix."""
        ...


class FolderStore:
    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    def path(self, uri: str) -> Path:
        if not uri.startswith("s3://"):
            raise ValueError(f"{uri} is not an S3 URI: it must start with s3://")
        path = Path(os.path.normpath(self.root / uri.removeprefix("s3://")))
        if not path.is_relative_to(self.root):
            raise ValueError(f"{uri} points outside the store")
        return path

    def read(self, uri: str) -> bytes:
        return self.path(uri).read_bytes()

    def write(self, uri: str, body: bytes) -> None:
        """Atomic, as S3 is: a reader sees the old object or the new one."""
        path = self.path(uri)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        partial.write_bytes(body)
        partial.replace(path)

    def exists(self, uri: str) -> bool:
        return self.path(uri).exists()

    def download(self, uri: str, folder: Path) -> int:
        source = self.path(uri)
        folder.mkdir(parents=True, exist_ok=True)
        if source.is_file():
            shutil.copyfile(source, folder / source.name)
            return 1
        return _copy_files(source, folder)

    def upload(self, source: Path, uri: str) -> None:
        if source.is_file():
            self.path(uri).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, self.path(uri))
        else:
            _copy_files(source, self.path(uri))


def _copy_files(source: Path, target: Path) -> int:
    """Files only, as S3 has no folders; in a fixed order."""
    files = sorted(path for path in source.rglob("*") if path.is_file()) if source.is_dir() else []
    for file in files:
        place = target / file.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place)
    return len(files)
