"""Why a request is answered with an error, and why a server does not start."""

from __future__ import annotations


class Refusal(Exception):
    """An answer that is an error: a status code and one sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class CannotStart(Exception):
    """The model directory, its handler or the port is at fault; the message is one sentence."""
