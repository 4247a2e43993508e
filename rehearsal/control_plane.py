"""A running localcloud: requests to it that AWS does not have, and how commands find it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from settings.errors import AwsProblem

URL = "LOCALCLOUD_URL"  # localcloud sets it in the builds and jobs that it starts
SECONDS = 10.0


@contextmanager
def in_environment(url: str) -> Iterator[None]:
    """For the commands of this process and of those that it starts."""
    before = os.environ.get(URL)
    os.environ[URL] = url
    try:
        yield
    finally:
        del os.environ[URL]
        os.environ |= {URL: before} if before else {}


def request(url: str, path: str, body: dict[str, Any] | None = None, *, remedy: str) -> dict[str, Any]:
    """Under ``/_localcloud/``; a POST when there is a body. ``remedy`` completes the message on a failure."""
    import urllib.request  # takes longer than everything else that most callers need

    call = urllib.request.Request(  # noqa: S310 - a server of this machine
        f"{url}/_localcloud/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(call, timeout=SECONDS) as response:
            content: dict[str, Any] = json.load(response)
            return content
    except (OSError, ValueError) as error:
        why = getattr(error, "reason", error)
        raise AwsProblem(f"localcloud at {url} does not respond ({why}); {remedy}") from None
