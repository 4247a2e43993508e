"""Requests to one instance over persistent connections. An error says whether the model may have seen the request."""

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
    """The model has not seen the request: it may be sent to another instance."""


class NoResponse(Exception):
    """The model may have seen it and did not respond; the message says why."""


class Reply(NamedTuple):
    status: int
    content_type: str
    custom_attributes: str
    body: bytes


class Connections:
    """``alive`` returns whether the instance's process still runs."""

    def __init__(self, url: str, seconds: float, alive: Callable[[], bool]) -> None:
        parts = urlsplit(url)
        self._host, self._port = str(parts.hostname), parts.port or 80
        self._seconds, self._alive = seconds, alive
        self._idle: deque[tuple[HTTPConnection, float]] = deque()  # the last one used is used next

    def send(self, request: Invocation) -> Reply:
        connection, used = self._take()
        try:
            connection.request("POST", "/invocations", request.body, _headers(request))
        except TimeoutError:
            connection.close()
            raise NoResponse(self._too_slow()) from None
        except OSError as error:  # it never got the whole body, so no handler was called
            connection.close()
            raise NotSent(str(error)) from None
        return self._reply(connection, used)

    def close(self) -> None:
        while self._idle:
            self._idle.pop()[0].close()

    def _reply(self, connection: HTTPConnection, used: bool) -> Reply:
        try:
            response = connection.getresponse()
        except TimeoutError:
            connection.close()
            raise NoResponse(self._too_slow()) from None
        except (OSError, HTTPException) as error:
            connection.close()
            # a live server responds to what it has read: it had closed this connection before
            if used and self._alive_after(DYING_SECONDS):
                raise NotSent(str(error)) from None
            raise NoResponse("the instance ended before it responded") from None
        return self._read(connection, response)

    def _read(self, connection: HTTPConnection, response: HTTPResponse) -> Reply:
        try:
            body = response.read()
        except TimeoutError:
            connection.close()
            raise NoResponse(self._too_slow()) from None
        except (OSError, HTTPException):
            connection.close()
            raise NoResponse("the instance ended in the middle of its response") from None
        if response.will_close:
            connection.close()
        else:
            self._idle.append((connection, time.monotonic()))
        headers = response.headers
        return Reply(response.status, headers.get("Content-Type", ""), headers.get(CUSTOM, ""), body)

    def _take(self) -> tuple[HTTPConnection, bool]:
        """A connection, and whether it was used before."""
        while self._idle:
            try:
                connection, since = self._idle.pop()
            except IndexError:  # another thread took it
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
    """An idle connection has nothing to read except its end."""
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return bool(poll.poll(0))


def _headers(request: Invocation) -> dict[str, str]:
    headers = {
        "Content-Type": request.content_type,
        "Accept": request.accept,
        CUSTOM: request.custom_attributes,
        INFERENCE_ID: request.inference_id,
    }
    return {name: value for name, value in headers.items() if value}
