"""Errors of a request: a status code and one sentence for the client."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any


class HttpError(Exception):
    """One sentence: what is wrong where, and what to send instead.

    Also a WSGI application, its response: in AWS's image whatever a handler raises becomes a 500, and a returned WSGI
    application the response.
    """

    def __init__(self, status_code: int, sentence: str) -> None:
        line = " ".join(sentence.split()).encode("utf-8", "backslashreplace").decode()
        self.status_code, self.message, self.phrase = status_code, line, HTTPStatus(status_code).phrase
        super().__init__(status_code, line, self.phrase)

    def __str__(self) -> str:
        return self.message

    def __call__(self, _environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        content = json.dumps({"error": self.message}).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
        start_response(f"{self.status_code} {self.phrase}", headers)
        return [content]
