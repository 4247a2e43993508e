"""Code addressed by content: the address of a folder is the hash of its files.

The same tree has the same address on every machine, a definition changes only when code changes, step caching works,
and files that are in the bucket are not sent again. Files that editors, systems and Python leave behind are ignored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from aws.s3 import object_exists, split_uri

IGNORED = ("__pycache__", ".*", "*.pyc", "*~", "#*#", "*.swp", "*.orig", "*.rej")
Files = Mapping[str, bytes]


def read(folder: Path) -> dict[str, bytes]:
    """Relative path -> content, in a fixed order."""
    files = ((path.relative_to(folder), path) for path in _paths(folder))
    return {relative.as_posix(): path.read_bytes() for relative, path in sorted(files)}


def _paths(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if any(fnmatch(path.name, pattern) for pattern in IGNORED):
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
    """Puts what is missing; objects are addressed by content, so existing ones are equal. Returns what was put."""

    def put(uri: str) -> bool:
        if object_exists(s3, uri):
            return False
        bucket, key = split_uri(uri)
        s3.put_object(Bucket=bucket, Key=key, Body=uploads[uri])
        return True

    with ThreadPoolExecutor(max_workers=8) as pool:
        results = list(pool.map(put, uploads))
    return [uri for uri, was_put in zip(uploads, results, strict=True) if was_put]
