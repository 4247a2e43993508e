"""A cloud on the wire: the HTTP server in front of it, and the guard beside it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from localcloud.core.cloud import Cloud
from localcloud.server.server import Server
from localcloud.server.wsgi_app import Front


@contextmanager
def listening(cloud: Cloud, port: int = 0, *, guarded: bool = False) -> Iterator[Cloud]:
    """On 127.0.0.1; port 0 takes any. OSError when the port is taken. The cloud is closed at the end, whatever was.

    ``guarded``: with the guard, as people have it; tests mostly need none.
    """
    with ExitStack() as stack:
        stack.callback(cloud.close)
        front = Front(cloud)
        server = Server(front, port)
        stack.callback(server.close)
        cloud.url = server.start().url
        if guarded:
            from localcloud.server.certificates import Authority
            from localcloud.server.egress_proxy import Guard

            authority = Authority()
            authority.write(cloud.certificate)
            guard = Guard(cloud.url, authority, cloud.counters).start()
            stack.callback(guard.close)
            cloud.guard_url = guard.url
            cloud.work(_load, front)
        stack.callback(cloud.close_services)  # first of all: they may still want to be answered
        yield cloud


def _load(front: Front) -> None:
    """What stays in memory is not looked through for garbage again."""
    try:
        front.warm()
    finally:
        gc.freeze()
        gc.enable()
