"""A model's archive, fetched and unpacked once for all instances of a fleet."""

from __future__ import annotations

import shutil
from concurrent.futures import CancelledError
from concurrent.futures import TimeoutError as FetchTimeout
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from localcloud.runtime.jobs.model_server import ModelServerError, unpack
from localcloud.runtime.s3_store import S3Store
from localcloud.runtime.store import Unavailable
from localcloud.services.sagemaker.hosting.model_session import ModelSession

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

CONTAINER = 'container "container_1"'
ADVICE = (
    "Please ensure that there is an object located at the URL and that the role passed to CreateModel has permissions "
    "to download the object."
)


class Artifact:
    def __init__(self, cloud: Cloud, session: ModelSession, uri: str, folder: Path, timeout_seconds: float) -> None:
        self.cloud, self._session, self.uri, self.timeout_seconds = cloud, session, uri, timeout_seconds
        self._folder, self._lock, self._closed = folder, Lock(), False
        self._model: Path | None = None

    def model(self) -> Path:
        """The unpacked folder, or ModelServerError with the reason in SageMaker's words. The next call tries again."""
        with self._lock:
            if not self._model:
                self._model = self._unpack()
            return self._model

    def close(self) -> None:
        """No instance runs any more."""
        with self._lock:
            self._closed = True
            shutil.rmtree(self._folder, ignore_errors=True)

    def _unpack(self) -> Path:
        if self._closed:
            raise ModelServerError("the fleet was stopped")
        archive, model = self._folder / "model.tar.gz", self._folder / "model"
        shutil.rmtree(self._folder, ignore_errors=True)
        model.mkdir(parents=True)
        self._fetch(archive)
        try:
            unpack(archive, model)
        except ModelServerError as problem:
            advice = "Please ensure that the object located at the URL is a valid tar.gz archive."
            detail = str(problem).partition("unpacked: ")[2]
            message = f'Failed to extract model data archive for {CONTAINER} from URL "{self.uri}". {advice} ({detail})'
            raise ModelServerError(message) from None
        archive.unlink()
        return model

    def _fetch(self, archive: Path) -> None:
        failure = f'Failed to download model data for {CONTAINER} from URL: "{self.uri}".'
        if not self.uri:
            raise ModelServerError("The model has no ModelDataUrl: an instance here runs the handler of its archive.")
        try:
            store = S3Store(self.cloud.client_as(self._session.principal, "s3"))
            if reason := self.cloud.work(_download, store, self.uri, archive).result(self.timeout_seconds):
                raise ModelServerError(f"{failure} {ADVICE} ({reason})")
        except FetchTimeout:
            limit = f"It took longer than {self.timeout_seconds:g} s (ModelDataDownloadTimeoutInSeconds)."
            raise ModelServerError(f"{failure} {limit}") from None
        except CancelledError:
            raise ModelServerError("the cloud closes") from None


def _download(store: S3Store, uri: str, archive: Path) -> str:
    """Returns the reason when it fails, else ""."""
    try:
        store.fetch(uri, archive)
    except (Unavailable, OSError) as problem:
        return str(problem)
    return ""
