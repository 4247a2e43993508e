"""A model's archive, fetched and unpacked once for all instances of a fleet."""

from __future__ import annotations

import shutil
from concurrent.futures import CancelledError
from concurrent.futures import TimeoutError as TooLong
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from localcloud.runtime.jobs.model_server import CannotServe, unpack
from localcloud.runtime.s3_store import S3Store
from localcloud.runtime.store import Unavailable

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud


class Artifact:
    def __init__(self, cloud: Cloud, uri: str, folder: Path, seconds: float) -> None:
        self.cloud, self.uri, self.seconds = cloud, uri, seconds
        self._folder, self._lock, self._closed = folder, Lock(), False
        self._unpacked: Path | None = None

    def model(self) -> Path:
        """The unpacked folder; CannotServe says why there is none, in SageMaker's words. The next one tries again."""
        with self._lock:
            if not self._unpacked:
                self._unpacked = self._made()
            return self._unpacked

    def close(self) -> None:
        """No instance runs any more."""
        with self._lock:
            self._closed = True
            shutil.rmtree(self._folder, ignore_errors=True)

    def _made(self) -> Path:
        if self._closed:
            raise CannotServe("the fleet was stopped")
        archive, model = self._folder / "model.tar.gz", self._folder / "model"
        shutil.rmtree(self._folder, ignore_errors=True)
        model.mkdir(parents=True)
        self._fetch(archive)
        try:
            unpack(archive, model)
        except CannotServe as problem:
            where = f'for container "container_1" from URL "{self.uri}"'
            advice = "Please ensure that the object located at the URL is a valid tar.gz archive."
            said = str(problem).partition("unpacked: ")[2]
            raise CannotServe(f"Failed to extract model data archive {where}. {advice} ({said})") from None
        archive.unlink()
        return model

    def _fetch(self, archive: Path) -> None:
        where = f'Failed to download model data for container "container_1" from URL: "{self.uri}".'
        if not self.uri:
            raise CannotServe("The model has no ModelDataUrl: an instance here runs the handler of its archive.")
        try:
            if why := self.cloud.work(_fetched, self.cloud, self.uri, archive).result(self.seconds):
                raise CannotServe(f"{where} Please ensure that there is an object located at the URL. ({why})")
        except TooLong:
            limit = f"It took longer than {self.seconds:g} s (ModelDataDownloadTimeoutInSeconds)."
            raise CannotServe(f"{where} {limit}") from None
        except CancelledError:
            raise CannotServe("the cloud closes") from None


def _fetched(cloud: Cloud, uri: str, archive: Path) -> str:
    """Why not; "" when it is there."""
    try:
        S3Store(cloud.client("s3")).fetch(uri, archive)
    except (Unavailable, OSError) as problem:
        return str(problem)
    return ""
