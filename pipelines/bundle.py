"""Code by content: a folder's address is the hash of what is in it.

So the same tree has the same address on every machine, a definition changes only when code changes, step caching works,
and what is already in the bucket is never sent again. What editors, systems and Python leave in folders is left out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from aws.refusals import is_denied, is_missing

LEFT_OUT = ("__pycache__", ".*", "*.pyc", "*~", "#*#", "*.swp", "*.orig", "*.rej")
Files = Mapping[str, bytes]


def read(folder: Path) -> dict[str, bytes]:
    """Relative path -> content, in a fixed order."""
    found = ((path.relative_to(folder), path) for path in _paths(folder))
    return {relative.as_posix(): path.read_bytes() for relative, path in sorted(found)}


def _paths(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if any(fnmatch(path.name, pattern) for pattern in LEFT_OUT):
            continue
        if path.is_dir():
            yield from _paths(path)
        elif path.is_file():
            yield path


def digest(files: Files) -> str:
    """Names and contents count; modes and times do not."""
    sha = hashlib.sha256()
    for name, content in sorted(files.items()):
        sha.update(f"{name}\0{len(content)}\0".encode() + content)
    return sha.hexdigest()[:20]


def address(prefix: str, files: Files) -> str:
    return f"{prefix}/code/{digest(files)}"


def add(uploads: dict[str, bytes], prefix: str, files: Files) -> str:
    """Puts the files under their address into ``uploads`` (S3 URI -> content); returns the folder's URI."""
    folder = address(prefix, files)
    uploads.update({f"{folder}/{name}": content for name, content in files.items()})
    return f"{folder}/"


def publish(uploads: Mapping[str, bytes], s3: Any) -> list[str]:
    """Puts what is not there yet; by content, so what is there is the same. Returns what was put."""

    def put(uri: str) -> bool:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        if _is_there(s3, bucket, key):
            return False
        s3.put_object(Bucket=bucket, Key=key, Body=uploads[uri])
        return True

    with ThreadPoolExecutor(max_workers=8) as pool:
        done = list(pool.map(put, uploads))
    return [uri for uri, was_put in zip(uploads, done, strict=True) if was_put]


def _is_there(s3: Any, bucket: str, key: str) -> bool:
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except Exception as error:
        if is_missing(error) or is_denied(error):  # without s3:ListBucket, AWS denies to say that a key is missing
            return False
        raise
    return True
