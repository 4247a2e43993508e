"""Text files that are not UTF-8: UTF-16 by its byte order mark, Windows-1252 (so Latin-1) by its letters.

Single-byte encodings cannot be distinguished with certainty. So a file is Windows-1252 only if its other bytes stand
where West European letters and signs do; what looks like another encoding is refused.
"""

from __future__ import annotations

import codecs
import io
import re
from typing import BinaryIO

from failures import UserError
from preprocessing import file_contents
from preprocessing.file_contents import CHECKED

UTF_8, WINDOWS = "utf-8", "windows-1252"
MARKS = {b"\xff\xfe\x00\x00": "utf-32", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}  # the longest first
NUL_SHARE = 0.2  # of UTF-16 without a mark: every second byte of ASCII text
# Letters and signs in words and beside numbers. In the older encodings of DOS and the Mac, letters have other bytes.
WEST_EUROPEAN = re.compile(
    rb"(?<=[A-Za-z])[\xc0-\xff\x92]|[\xc0-\xff\x84\x93\xab](?=[A-Za-z])|(?<=[A-Za-z.!?])[\x93\x94\xbb]|"
    rb"(?<=[0-9])[\x80\xa3\xb0\xb2\xb3\xb5\xba\xbd]|(?<=[0-9] )[\x80\xa3\xb0\xb5]|[\x80\xa3](?= ?[0-9])|(?<= )\x96(?= )"
)
FEW = 3  # bytes
CHUNK = 1 << 20


def recognize(name: str, head: bytes) -> str:
    """The encoding of a file by its beginning, which may end inside a character."""
    mark = next((mark for mark in MARKS if head.startswith(mark)), b"")
    if mark:
        return MARKS[mark]
    _check_is_text(name, head)
    try:
        codecs.getincrementaldecoder(UTF_8)().decode(head)
        return UTF_8
    except UnicodeDecodeError:
        text = codecs.getincrementaldecoder(UTF_8)(errors="replace").decode(head)
    if len(re.findall("[^\x00-\x7f\ufffd]", text)) >= text.count("\ufffd"):  # with damaged rows
        return UTF_8
    return _single_byte(name, head)


class Utf8Stream(io.RawIOBase):
    """Another encoding read as UTF-8: from the beginning on only."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self.fileobj = getattr(stream, "fileobj", stream)  # whose position shows the progress
        self._stream, self._decoder = stream, codecs.getincrementaldecoder(encoding)()
        self._rest, self._moved = b"", False

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, _whence: int = 0) -> int:
        if self._moved:
            raise io.UnsupportedOperation("another encoding is read in order")
        return len(self.read(offset))

    def read(self, size: int = -1) -> bytes:
        self._moved = True
        parts, count = [self._rest], len(self._rest)
        while size < 0 or count < size:
            content = self._stream.read(CHUNK)
            parts.append(self._decoder.decode(content, final=not content).encode())
            count += len(parts[-1])
            if not content:
                break
        text = b"".join(parts)
        self._rest = text[size:] if size >= 0 else b""
        return text[:size] if size >= 0 else text


def _check_is_text(name: str, head: bytes) -> None:
    if head[:CHECKED].count(0) > NUL_SHARE * len(head[:CHECKED]):
        raise UserError(f"{name} is UTF-16 without a byte order mark, or no text: export it as UTF-8")
    if file_contents.is_binary(head):
        raise UserError(f"{name} holds binary data, not CSV text: export it as CSV")


def _single_byte(name: str, head: bytes) -> str:
    count = len(re.findall(rb"[\x80-\xff]", head))
    if len(WEST_EUROPEAN.findall(head)) > 0.8 * count:
        print(f"{name} is no UTF-8 text: read as Windows-1252 (Latin-1)", flush=True)
        return WINDOWS
    if count <= FEW:  # in damaged rows
        return UTF_8
    raise UserError(
        f"{name} is no UTF-8 text, and its encoding is not clear: convert it, "
        "such as by iconv --from-code=CP850 --to-code=UTF-8"
    )
