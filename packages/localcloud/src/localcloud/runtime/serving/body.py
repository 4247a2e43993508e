"""The body of a request, by Content-Length or in chunks, never more than the limit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message
from http import HTTPStatus
from io import BufferedIOBase

from localcloud.runtime.serving.errors import HttpError

LONGEST_LINE = 4096


def read(stream: BufferedIOBase, headers: Message, limit: int) -> bytes:
    check(headers, limit)
    if "Transfer-Encoding" in headers:
        return b"".join(_chunks(stream, limit))
    return _exactly(stream, int(headers.get("Content-Length", "0")))


def check(headers: Message, limit: int) -> None:
    """Refuse what can be refused before the body is read."""
    codings, lengths = headers.get_all("Transfer-Encoding", []), set(headers.get_all("Content-Length", []))
    if codings and (lengths or [coding.strip().lower() for coding in codings] != ["chunked"]):
        raise HttpError(
            HTTPStatus.BAD_REQUEST, "the body's length is unclear: send Content-Length, or chunks without it"
        )
    if len(lengths) > 1 or not all(re.fullmatch(r"[0-9]{1,18}", length.strip()) for length in lengths):
        raise HttpError(HTTPStatus.BAD_REQUEST, f"Content-Length {', '.join(lengths)} is not one number of bytes")
    for length in lengths:
        _check_size(int(length), limit)


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise HttpError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the request has {size} bytes or more: send at most {limit}"
        )


def _chunks(stream: BufferedIOBase, limit: int) -> Iterator[bytes]:
    total = 0
    while size := _chunk_size(stream):
        total += size
        _check_size(total, limit)
        yield _exactly(stream, size)
        if stream.readline(3) not in (b"\r\n", b"\n"):
            raise HttpError(HTTPStatus.BAD_REQUEST, "a chunk of the body is longer than its size")
    for _ in range(100):  # trailers
        if _line(stream).strip() == b"":
            return
    raise HttpError(HTTPStatus.BAD_REQUEST, "the body has more than 100 trailers")


def _chunk_size(stream: BufferedIOBase) -> int:
    text = _line(stream).split(b";")[0].strip()
    if not re.fullmatch(rb"[0-9A-Fa-f]{1,15}", text):
        raise HttpError(HTTPStatus.BAD_REQUEST, "a chunk of the body does not begin with its size")
    return int(text, 16)


def _line(stream: BufferedIOBase) -> bytes:
    line = stream.readline(LONGEST_LINE)
    if not line.endswith(b"\n"):
        raise HttpError(HTTPStatus.BAD_REQUEST, "the body ends early, or a line between its chunks is too long")
    return line


def _exactly(stream: BufferedIOBase, size: int) -> bytes:
    content = stream.read(size)
    if len(content) < size:
        raise HttpError(HTTPStatus.BAD_REQUEST, f"the body ends after {len(content)} of {size} bytes")
    return content
