"""What jobs need of S3, and how SageMaker writes a prefix or a manifest to files."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

CLASH = "Please check your s3 objects and ensure that there is no object that is both a folder as well as a file."


class Unavailable(OSError):
    """An object cannot be read or written; the message is one sentence."""


class Store(ABC):
    """Keys are whole URIs: s3://bucket/key."""

    @abstractmethod
    def read(self, uri: str) -> bytes: ...

    @abstractmethod
    def write(self, uri: str, body: bytes) -> None: ...

    @abstractmethod
    def exists(self, uri: str) -> bool: ...

    @abstractmethod
    def keys(self, uri: str) -> list[str]:
        """Every object whose URI starts with these characters, in the order of S3: by key."""

    @abstractmethod
    def fetch(self, uri: str, file: Path) -> None:
        """Download an object to a file whose folder exists."""

    @abstractmethod
    def put(self, file: Path, uri: str) -> None: ...

    def download(self, uri: str, folder: Path, *, manifest: bool = False, share: tuple[int, int] = (0, 1)) -> int:
        """Download the objects of a prefix or of a manifest; returns how many there are in total.

        ``share`` (number, of how many) selects the part of one instance: ShardedByS3Key.
        """
        files = self.file_names(uri, manifest=manifest)
        folder.mkdir(parents=True, exist_ok=True)
        number, count = share
        for key, name in files[number::count]:
            file = folder / name
            if not file.resolve().is_relative_to(folder.resolve()):
                raise Unavailable(f"Failed to download data. {key} would land outside of its folder.")
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
                self.fetch(key, file)
            except (FileExistsError, NotADirectoryError, IsADirectoryError):
                raise Unavailable(f"Failed to download data. Cannot download {key}: it clashes. {CLASH}") from None
        return len(files)

    def file_names(self, uri: str, *, manifest: bool = False) -> list[tuple[str, str]]:
        """The objects of a prefix or of a manifest, each with its path below the target folder."""
        if not manifest:
            return list(_below(uri, self.keys(uri)))
        try:
            return list(_in_manifest(json.loads(self.read(uri)), uri))
        except ValueError as error:
            raise Unavailable(f"Failed to download data. The manifest {uri} is not JSON: {error}") from None

    def upload(self, source: Path, uri: str) -> None:
        """Upload a file as that object, or the files of a folder below that prefix, in a fixed order."""
        if source.is_file():
            self.put(source, uri)
            return
        for file in sorted(path for path in source.rglob("*") if path.is_file()):
            self.put(file, f"{uri.rstrip('/')}/{file.relative_to(source).as_posix()}")


def _below(prefix: str, keys: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each object's file: its own name, or what follows the prefix, if that is a folder.

    A prefix that ends inside a name (data/raw for data/raw-old/x) keeps that name: raw-old/x. Objects whose key ends
    with a slash are the folders of consoles; they have no content.
    """
    stem = prefix[: prefix.rindex("/") + 1]
    for key in keys:
        if key.endswith("/"):
            continue
        rest = key[len(prefix) :]
        yield key, rest.lstrip("/") if rest.startswith("/") or prefix == stem else key[len(stem) :]


def _in_manifest(manifest: object, uri: str) -> Iterator[tuple[str, str]]:
    """``[{"prefix": "s3://bucket/some/"}, "a.csv", "deep/b.csv"]``: objects by their full names."""
    entries: list[Any] = manifest if isinstance(manifest, list) and manifest else [None]
    head, names = entries[0], entries[1:]
    prefix = str(head.get("prefix")) if isinstance(head, dict) else ""
    if not prefix.startswith("s3://") or not all(isinstance(name, str) for name in names):
        expected = 'a JSON list of {"prefix": "s3://..."} and names'
        raise Unavailable(f"Failed to download data. The manifest {uri} is not {expected}.")
    yield from ((prefix + name, name) for name in names)
