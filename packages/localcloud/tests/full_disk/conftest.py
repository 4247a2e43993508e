"""A cloud whose files are all on a real disk of 64 MB, which tests mount (`make test-full-disk` lets them) and fill."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

MEGABYTE = 1_000_000


class Disk:
    def __init__(self, folder: Path) -> None:
        self.folder, self._filler = folder, folder / "filler"

    @property
    def free(self) -> float:
        usage = os.statvfs(self.folder)
        return usage.f_bavail * usage.f_frsize / MEGABYTE

    def fill(self, free: float = 0.0) -> None:
        """Until only so many megabytes are free."""
        chunk = bytes(4096)
        with self._filler.open("ab", buffering=0) as filler:
            try:
                while self.free > free:
                    filler.write(chunk)
            except OSError:
                assert not free

    def empty(self) -> None:
        self._filler.unlink()


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)], check=True)
    (folder / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(folder / "tmp"))
    monkeypatch.setattr(tempfile, "tempdir", str(folder / "tmp"))
    yield Disk(folder)
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def cloud(disk: Disk) -> Iterator[Any]:
    from localcloud.testing import start_cloud

    with start_cloud(disk.folder, speed=1.0) as started:
        yield started


@pytest.fixture
def s3(cloud: Any) -> Any:
    client = cloud.client("s3")
    client.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": cloud.region})
    return client


@pytest.fixture
def is_sentence(disk: Disk) -> Callable[[str], bool]:
    """Whether a text has the one sentence, with the disk that is full and what to do."""

    def check(text: str) -> bool:
        start = f"the disk that holds {disk.folder}"
        assert start in text and "MB free" in text and "free some space and try again" in text, text
        assert "Errno" not in text and "Traceback" not in text, text
        return True

    return check
