"""Errors of a request: a status code and one sentence for the client."""

from __future__ import annotations

from http import HTTPStatus


class HttpError(Exception):
    """One sentence: what is wrong where, and what to send instead."""

    def __init__(self, status_code: int, sentence: str) -> None:
        line = " ".join(sentence.split()).encode("utf-8", "backslashreplace").decode()
        self.status_code, self.message, self.phrase = status_code, line, HTTPStatus(status_code).phrase
        super().__init__(status_code, line, self.phrase)

    def __str__(self) -> str:
        return self.message
