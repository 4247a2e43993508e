"""Errors of a request, and errors that keep the server from starting."""

from __future__ import annotations


class HttpError(Exception):
    """An error response: a status code and one sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class StartError(Exception):
    """The model directory, its handler or the port is invalid; the message is one sentence."""
