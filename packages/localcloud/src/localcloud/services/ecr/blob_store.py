"""Blobs as files named by their digest, and uploads that become blobs."""

from __future__ import annotations

import hashlib
import shutil
import uuid
from pathlib import Path
from typing import BinaryIO

PIECE = 1 << 20


class BlobStore:
    def __init__(self, folder: Path) -> None:
        self._blobs, self._uploads = folder / "blobs", folder / "uploads"

    def start(self) -> str:
        """Of an upload: its id."""
        upload = str(uuid.uuid4())
        self._uploads.mkdir(parents=True, exist_ok=True)
        (self._uploads / upload).touch()
        return upload

    def uploaded(self, upload: str) -> int:
        """The bytes that it has."""
        return (self._uploads / upload).stat().st_size

    def append(self, upload: str, content: BinaryIO) -> int:
        """Returns how many bytes it has then."""
        with (self._uploads / upload).open("ab") as file:
            shutil.copyfileobj(content, file, PIECE)
        return self.uploaded(upload)

    def digest(self, upload: str) -> str:
        with (self._uploads / upload).open("rb") as file:
            return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"

    def finish(self, upload: str, digest: str) -> None:
        """The upload becomes the blob of this digest, which ``digest`` has computed."""
        self._blobs.mkdir(parents=True, exist_ok=True)
        (self._uploads / upload).replace(self._path(digest))

    def cancel(self, upload: str) -> None:
        (self._uploads / upload).unlink(missing_ok=True)

    def open(self, digest: str) -> BinaryIO:
        return self._path(digest).open("rb")

    def clear(self) -> None:
        for folder in (self._blobs, self._uploads):
            shutil.rmtree(folder, ignore_errors=True)

    def _path(self, digest: str) -> Path:
        return self._blobs / digest.removeprefix("sha256:")
