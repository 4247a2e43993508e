"""Serves a cloud over HTTP, with the egress proxy beside it if needed."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from localcloud.core.cloud import Cloud
from localcloud.server.server import Server
from localcloud.server.wsgi_app import Application


@contextmanager
def listening(cloud: Cloud, port: int = 0, *, with_proxy: bool = False) -> Iterator[Cloud]:
    """On 127.0.0.1; port 0 takes any free one. OSError if the port is taken. The cloud is closed in any case.

    ``with_proxy``: as the command starts it; most tests need no proxy.
    """
    with ExitStack() as stack:
        stack.callback(cloud.close)
        application = Application(cloud)
        server = Server(application, port)
        stack.callback(server.close)
        cloud.url = server.start().url
        if with_proxy:
            from localcloud.server.certificates import Authority
            from localcloud.server.egress_proxy import EgressProxy

            authority = Authority()
            authority.write(cloud.certificate)
            proxy = EgressProxy(cloud.url, authority, cloud.counters).start()
            stack.callback(proxy.close)
            cloud.proxy_url = proxy.url
            cloud.work(_load, application)
        stack.callback(cloud.close_services)  # first of all: they may still make calls
        yield cloud


def _load(application: Application) -> None:
    """Modules stay in memory: the garbage collector need not visit them again."""
    try:
        application.load()
    finally:
        gc.freeze()
        gc.enable()
