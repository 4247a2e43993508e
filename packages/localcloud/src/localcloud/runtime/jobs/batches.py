"""Splits an object of a transform job into requests, and assembles the responses."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence

from localcloud.runtime.jobs.job import UnsupportedRequest


class InvalidInput(Exception):
    """An object that cannot be split into requests; the message says why."""


def check_supported(split: str, compression: str, strategy: str) -> None:
    if split not in ("None", "Line"):
        raise UnsupportedRequest(f"SplitType {split} is not supported; local transform jobs have None and Line")
    if compression not in ("None", "Gzip"):
        raise UnsupportedRequest(f"CompressionType {compression} is not supported")
    if strategy not in ("MultiRecord", "SingleRecord"):
        raise UnsupportedRequest(f"BatchStrategy {strategy} is not supported")


def split(content: bytes, *, by_line: bool, single: bool, limit: int) -> Iterator[bytes]:
    """The whole object, single lines, or batches of as many lines as fit."""
    if not by_line:
        _check_size(content, limit)
        yield content
        return
    batch: list[bytes] = []
    size = 0
    for line in content.splitlines(keepends=True):
        _check_size(line, limit)
        if batch and (single or size + len(line) > limit):
            yield b"".join(batch)
            batch, size = [], 0
        batch.append(line)
        size += len(line)
    if batch:
        yield b"".join(batch)


def assemble(responses: Sequence[bytes], *, by_line: bool) -> bytes:
    if not by_line:
        return b"".join(responses)
    return b"".join(each if each.endswith(b"\n") else each + b"\n" for each in responses)


def decompress(content: bytes, compression: str) -> bytes:
    try:
        return gzip.decompress(content) if compression == "Gzip" else content
    except (OSError, EOFError) as error:
        raise InvalidInput(f"an object is not gzip, as CompressionType says: {error}") from None


def _check_size(record: bytes, limit: int) -> None:
    if len(record) > limit:
        raise InvalidInput(f"a record of {len(record)} bytes is larger than MaxPayloadInMB allows ({limit} bytes)")
