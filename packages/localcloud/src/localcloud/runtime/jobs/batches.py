"""How a transform job cuts an object into requests, and puts the answers together again."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence

from localcloud.runtime.jobs.job import Refused


class BadInput(Exception):
    """An object that cannot be cut into requests; the message says why."""


def check(split: str, compression: str, strategy: str) -> None:
    if split not in ("None", "Line"):
        raise Refused(f"SplitType {split} is not cut here; local transform jobs know None and Line")
    if compression not in ("None", "Gzip"):
        raise Refused(f"CompressionType {compression} is not unpacked here")
    if strategy not in ("MultiRecord", "SingleRecord"):
        raise Refused(f"BatchStrategy {strategy} is not known here")


def cut(content: bytes, *, by_line: bool, single: bool, limit: int) -> Iterator[bytes]:
    """Whole objects, lines, or as many lines as fit."""
    if not by_line:
        yield _fitting(content, limit)
        return
    batch: list[bytes] = []
    size = 0
    for line in content.splitlines(keepends=True):
        _fitting(line, limit)
        if batch and (single or size + len(line) > limit):
            yield b"".join(batch)
            batch, size = [], 0
        batch.append(line)
        size += len(line)
    if batch:
        yield b"".join(batch)


def assembled(answers: Sequence[bytes], *, by_line: bool) -> bytes:
    if not by_line:
        return b"".join(answers)
    return b"".join(answer if answer.endswith(b"\n") else answer + b"\n" for answer in answers)


def unpacked(content: bytes, compression: str) -> bytes:
    try:
        return gzip.decompress(content) if compression == "Gzip" else content
    except (OSError, EOFError) as error:
        raise BadInput(f"an object is not what CompressionType Gzip says: {error}") from None


def _fitting(record: bytes, limit: int) -> bytes:
    if len(record) > limit:
        raise BadInput(f"a record of {len(record)} bytes is larger than MaxPayloadInMB allows ({limit} bytes)")
    return record
