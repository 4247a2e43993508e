"""The failure of a phase: its status, and the code and message of its context."""

from __future__ import annotations

from localcloud.runtime.store import Unavailable
from localcloud.services.codebuild.build import TIME_OUT
from localcloud.services.codebuild.buildspec import YamlFileError
from localcloud.services.codebuild.files import NoFiles
from localcloud.services.codebuild.service_role import AccessDenied
from localcloud.services.codebuild.sources import NoSource
from localcloud.services.codebuild.variables import Unreadable

CODES: dict[type[Exception], str] = {
    AccessDenied: "ACCESS_DENIED",
    YamlFileError: "YAML_FILE_ERROR",
    NoSource: "CLIENT_ERROR",
    Unreadable: "Decrypted Variables Error",
    NoFiles: "CLIENT_ERROR",
    Unavailable: "CLIENT_ERROR",
    OSError: "CLIENT_ERROR",
}
EXPECTED = tuple(CODES)  # errors that fail a phase; all others are defects


class PhaseFailed(Exception):
    def __init__(self, code: str, message: str, status: str = "FAILED") -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status

    @property
    def context(self) -> dict[str, str]:
        return {"statusCode": self.code, "message": self.message}


def code_of(error: Exception) -> str:
    return next(code for kind, code in CODES.items() if isinstance(error, kind))


def end_failure(reason: str) -> PhaseFailed:
    """``reason``: STOP or TIME_OUT."""
    if reason == TIME_OUT:
        return PhaseFailed("BUILD_TIMED_OUT", "Build has timed out.", "TIMED_OUT")
    return PhaseFailed("BUILD_STOPPED", "Build has been stopped.", "STOPPED")
