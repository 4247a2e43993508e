"""Requests to one instance, over connections that are kept: what went wrong says whether the model may have seen it."""

from __future__ import annotations

import select
import time
from collections import deque
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import NamedTuple
from urllib.parse import urlsplit

from localcloud.services.sagemaker.hosting.invocation import Invocation

IDLE_SECONDS = 30.0  # after which a connection is not used again; the model server closes it after 75
DYING_SECONDS = 0.1  # between a process's last packet and its end
CUSTOM = "X-Amzn-SageMaker-Custom-Attributes"
INFERENCE_ID = "X-Amzn-SageMaker-Inference-Id"


class NotSent(Exception):
    """The model has not seen the request: another instance may be asked."""


class NoAnswer(Exception):
    """The model may have seen it, and gave no answer; the message says why."""


class Reply(NamedTuple):
    status: int
    content_type: str
    custom_attributes: str
    body: bytes


class Connections:
    """``alive`` tells whether the instance's process still runs."""

    def __init__(self, url: str, seconds: float, alive: Callable[[], bool]) -> None:
        place = urlsplit(url)
        self._host, self._port = str(place.hostname), place.port or 80
        self._seconds, self._alive = seconds, alive
        self._idle: deque[tuple[HTTPConnection, float]] = deque()  # the one used last is used next

    def ask(self, request: Invocation) -> Reply:
        connection, used = self._take()
        try:
            connection.request("POST", "/invocations", request.body, _headers(request))
        except TimeoutError:
            connection.close()
            raise NoAnswer(self._too_slow()) from None
        except OSError as error:  # it never had the whole body, so no handler was called
            connection.close()
            raise NotSent(str(error)) from None
        return self._reply(connection, used)

    def close(self) -> None:
        while self._idle:
            self._idle.pop()[0].close()

    def _reply(self, connection: HTTPConnection, used: bool) -> Reply:
        try:
            answer = connection.getresponse()
        except TimeoutError:
            connection.close()
            raise NoAnswer(self._too_slow()) from None
        except (OSError, HTTPException) as error:
            connection.close()
            # a server that lives answers what it took: it had closed this connection before
            if used and self._alive_after(DYING_SECONDS):
                raise NotSent(str(error)) from None
            raise NoAnswer("the instance ended before it answered") from None
        return self._read(connection, answer)

    def _read(self, connection: HTTPConnection, answer: HTTPResponse) -> Reply:
        try:
            body = answer.read()
        except TimeoutError:
            connection.close()
            raise NoAnswer(self._too_slow()) from None
        except (OSError, HTTPException):
            connection.close()
            raise NoAnswer("the instance ended in the middle of its answer") from None
        if answer.will_close:
            connection.close()
        else:
            self._idle.append((connection, time.monotonic()))
        return Reply(answer.status, answer.headers.get("Content-Type", ""), answer.headers.get(CUSTOM, ""), body)

    def _take(self) -> tuple[HTTPConnection, bool]:
        """And whether it was used before."""
        while self._idle:
            try:
                connection, since = self._idle.pop()
            except IndexError:  # another thread had it
                break
            if time.monotonic() - since < IDLE_SECONDS and not _closed(connection):
                return connection, True
            connection.close()
        return HTTPConnection(self._host, self._port, timeout=self._seconds), False

    def _alive_after(self, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while self._alive() and time.monotonic() < end:
            time.sleep(0.01)
        return self._alive()

    def _too_slow(self) -> str:
        return f"the model took longer than {self._seconds:g} s"


def _closed(connection: HTTPConnection) -> bool:
    """Nothing is to be read from a connection in peace, except its end."""
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return bool(poll.poll(0))


def _headers(request: Invocation) -> dict[str, str]:
    told = {
        "Content-Type": request.content_type,
        "Accept": request.accept,
        CUSTOM: request.custom_attributes,
        INFERENCE_ID: request.inference_id,
    }
    return {name: value for name, value in told.items() if value}
