"""The cache that a build saves for the next build of its project: an archive, on S3 or on this machine.

Paths are relative to the source or to the home, which a buildspec may write as ``/root``. Each build's cache replaces
the last. Not reproduced: keys and fallback keys, the cache of sources and of Docker's layers.
"""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.runtime.s3_store import S3Store
from localcloud.services.codebuild.files import matching

ROOT = "/root/"


@dataclass(frozen=True)
class Cache:
    settings: Mapping[str, Any]
    project: str
    local_folder: Path  # of the local caches
    store: S3Store
    source: Path
    home: Path

    @property
    def used(self) -> bool:
        kind = self.settings.get("type", "NO_CACHE")
        return kind == "S3" or (kind == "LOCAL" and "LOCAL_CUSTOM_CACHE" in self.settings.get("modes", []))

    def restore(self, scratch: Path) -> bool:
        """False when there is no cache yet."""
        archive = scratch / "cache.tar"
        try:
            if self.settings["type"] == "S3":
                self.store.fetch(self._uri, archive)
            else:
                shutil.copyfile(self._file, archive)
        except FileNotFoundError:
            return False
        with tarfile.open(archive) as packed:
            for member in packed.getmembers():
                root, _, name = member.name.partition("/")
                member.name = name
                packed.extract(member, self._roots[root], filter="tar")
        archive.unlink()
        return True

    def save(self, paths: Iterable[str], scratch: Path) -> int:
        """Returns the number of files and folders."""
        archive, entries = scratch / "cache.tar", list(self._entries(paths))
        with tarfile.open(archive, "w") as packed:
            for name, path in entries:
                packed.add(path, name, recursive=False)
        if self.settings["type"] == "S3":
            self.store.put(archive, self._uri)
        else:
            self.local_folder.mkdir(parents=True, exist_ok=True)
            archive.replace(self._file)
        return len(entries)

    def _entries(self, paths: Iterable[str]) -> Iterator[tuple[str, Path]]:
        seen = set()
        for path in paths:
            root = "home" if path.startswith((ROOT, "~/")) else "source"
            pattern = path.removeprefix(ROOT).removeprefix("~/")
            base = self._roots[root]
            for name in sorted(matching(base, pattern)):
                whole = f"{root}/{os.path.normpath(name)}"
                if whole not in seen and not Path(name).is_absolute() and ".." not in Path(name).parts:
                    seen.add(whole)
                    yield whole, base / name

    @property
    def _roots(self) -> dict[str, Path]:
        return {"source": self.source, "home": self.home}

    @property
    def _file(self) -> Path:
        return self.local_folder / f"{self.project}.tar"

    @property
    def _uri(self) -> str:
        return f"s3://{self.settings['location'].removeprefix('arn:aws:s3:::').rstrip('/')}/{self.project}.cache"
