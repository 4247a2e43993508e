"""Errors of a request: a status code and one sentence for the client."""

from __future__ import annotations

from http import HTTPStatus

try:  # AWS's server keeps the status code of this class only; any other error becomes a 500
    from sagemaker_inference.errors import BaseInferenceToolkitError as StatusError
except ImportError:

    class StatusError(Exception):  # type: ignore[no-redef]
        def __init__(self, status_code: int, message: str, phrase: str) -> None:
            super().__init__(status_code, message, phrase)
            self.status_code, self.message, self.phrase = status_code, message, phrase


class HttpError(StatusError):  # type: ignore[misc,unused-ignore]
    """One sentence: what is wrong where, and what to send instead."""

    def __init__(self, status_code: int, sentence: str) -> None:
        line = " ".join(sentence.split()).encode("utf-8", "backslashreplace").decode()
        super().__init__(status_code, line, HTTPStatus(status_code).phrase)

    def __str__(self) -> str:
        return str(self.message)
