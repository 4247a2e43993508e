"""A handler's result as a response, as the toolkit and Flask make it of a view's result.

The pages of errors are Werkzeug's own, so it is imported only when one is needed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

HTML, JSON = "text/html", "application/json"
TEXTUAL = {"application/ecmascript", "application/javascript", "application/sql", "application/xml"}
TEXTUAL |= {"application/xml-dtd", "application/xml-external-parsed-entity"}
OWN_HEADERS = {"content-type", "content-length", "connection", "transfer-encoding", "date", "server"}  # of the server
Headers = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class Response:
    content: bytes
    content_type: str
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()  # those that a WSGI application adds


def convert(result: object, headers: Headers) -> Response:
    """``headers`` of the request; raises an exception for what is a 500 in the container."""
    if isinstance(result, tuple):
        content, media_type = result[0], result[1]
        return Response(_as_bytes(content), _content_type(JSON if media_type is None else media_type))
    if isinstance(result, str | bytes | bytearray | Iterator):
        return Response(_as_bytes(result), _content_type(HTML))
    if isinstance(result, dict | list):
        return Response(json.dumps(result, sort_keys=True, separators=(",", ":")).encode() + b"\n", JSON)
    if callable(result):
        return _run(result, headers)
    raise TypeError(f"the handler returned {type(result).__name__}, which is no response")


def page(status: int) -> Response:
    from werkzeug.exceptions import default_exceptions

    error = default_exceptions[status]()
    return Response(error.get_body().encode(), _content_type(HTML), status)


def _run(application: Callable[..., Iterable[bytes]], request_headers: Headers) -> Response:
    """A WSGI application, such as a flask.Response; Flask runs it with the environment of the request."""
    head: list[Any] = []
    environ = _environ(request_headers)
    content = b"".join(application(environ, lambda status, headers, _=None: head.extend((status, headers))))
    status, headers = head
    types = [value for name, value in headers if name.lower() == "content-type"]
    more = tuple((name, value) for name, value in headers if name.lower() not in OWN_HEADERS)
    if any("\r" in text or "\n" in text for pair in more for text in pair):
        raise ValueError("a header holds a line break")
    return Response(content, types[0] if types else "", int(status.split()[0]), more)


def _environ(headers: Headers) -> dict[str, str]:
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/invocations", "wsgi.url_scheme": "http"}
    environ |= {"SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1"}
    for name, value in headers:
        key = name.upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    return environ


def _content_type(media_type: str) -> str:
    if "\r" in media_type or "\n" in media_type:
        raise ValueError("the content type holds a line break")
    textual = media_type.startswith("text/") or media_type in TEXTUAL or media_type.endswith("+xml")
    return f"{media_type}; charset=utf-8" if textual else media_type


def _as_bytes(content: Any) -> bytes:
    if isinstance(content, str):
        return content.encode()
    if isinstance(content, bytes | bytearray):
        return bytes(content)
    return b"" if content is None else b"".join(_as_bytes(part) for part in _parts(content))


def _parts(content: Iterable[object]) -> Iterator[str | bytes]:
    for part in content:
        if not isinstance(part, str | bytes):
            raise TypeError(f"the handler returned parts of type {type(part).__name__}, not text or bytes")
        yield part
