"""What a file holds in spite of its name, by its first bytes: each with the remedy."""

from __future__ import annotations

import re

from failures import UserError

GIT_LFS = b"version https://git-lfs"
GZIP, PARQUET, ZIP, OLD_EXCEL = b"\x1f\x8b", b"PAR1", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
JSON = re.compile(rb'\s*(\{\s*["}\r\n]|\[\s*[\[{\r\n])')
MARKUP = re.compile(rb"\s*<(\?xml|!doctype|html)", re.IGNORECASE)
CHECKED = 10_000  # bytes
CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1f]")
CONTROL_SHARE = 0.05


def check_file(name: str, head: bytes, kind: str) -> None:
    """By the bytes as they are stored."""
    if head.startswith(GIT_LFS):
        raise UserError(f"{name} is a pointer of Git LFS, not the data: run git lfs pull, then copy the file again")
    if kind == "parquet":
        return
    if name.lower().endswith(".gz") and not head.startswith(GZIP):
        if is_binary(head):
            raise UserError(f"{name} is neither a gzip file nor text: copy it again")
        print(f"{name} is not compressed: read as it is", flush=True)
    if head.startswith(PARQUET):
        raise UserError(f"{name} is a Parquet file: name it .parquet")
    if head.startswith((ZIP, OLD_EXCEL)):
        raise UserError(f"{name} is a spreadsheet or a zip archive: export the table as CSV")


def is_binary(head: bytes) -> bool:
    some = head[:CHECKED]
    return len(CONTROLS.findall(some)) > CONTROL_SHARE * len(some)


def check_text(name: str, head: bytes) -> None:
    """By the text of a CSV file."""
    if JSON.match(head):
        raise UserError(f"{name} holds JSON, not CSV: convert it to CSV or Parquet")
    if MARKUP.match(head):
        raise UserError(f"{name} holds HTML or XML, as a page about an error does: fetch the data again")
