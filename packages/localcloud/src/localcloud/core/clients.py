"""boto3's clients to this cloud: one for each service, which signs with the keys of the principal that calls.

A client of its own for each principal would take 20 ms and megabytes, and there are thousands of sessions.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from functools import cache
from threading import Lock
from typing import Any

from localcloud.core.access.credentials import ADMINISTRATOR_KEY, Credentials
from localcloud.core.access.principal import Principal

_KEYS: ContextVar[Any] = ContextVar("keys", default=None)  # of the call in progress; None: the administrator's
_CREATING = Lock()
METHODS = ("_make_api_call", "generate_presigned_url")  # what signs


class Clients:
    def __init__(self, region: str, credentials: Credentials) -> None:
        self._region, self._credentials = region, credentials

    def client(self, principal: Principal, service: str, url: str) -> Any:
        """As long as it is used, it signs with keys that have not expired."""
        with _CREATING:  # boto3 sessions are not thread-safe
            shared = _create(service, self._region, url)
        return shared if principal == self._credentials.administrator else self._for(principal, shared)

    def _for(self, principal: Principal, shared: Any) -> Any:
        """A client with the connections and the models of the shared one."""
        client = object.__new__(type(shared))
        client.__dict__.update(shared.__dict__)
        for name in METHODS:
            setattr(client, name, self._signed_by(principal, getattr(shared, name)))
        return client

    def _signed_by(self, principal: Principal, method: Callable[..., Any]) -> Callable[..., Any]:
        from botocore.credentials import Credentials as BotoKeys

        def call(*arguments: Any, **options: Any) -> Any:
            keys = self._credentials.keys_of(principal)
            before = _KEYS.set(BotoKeys(keys.access_key, keys.secret_key, keys.token))
            try:
                return method(*arguments, **options)
            finally:
                _KEYS.reset(before)

        return call


@cache
def _create(service: str, region: str, url: str) -> Any:
    """One for all clouds of this process at this address, too: tests start thousands, one after the other."""
    from botocore.config import Config

    config = Config(
        max_pool_connections=64,
        proxies={},
        retries={"total_max_attempts": 1},
        read_timeout=120,
        s3={"addressing_style": "path"},
    )
    client = _session().client(service, region_name=region, endpoint_url=url, config=config)
    client.meta.events.register("before-sign", _take_keys)
    return client


def _take_keys(request: Any, **_: Any) -> None:
    if keys := _KEYS.get():
        request.context["signing"] = {**request.context.get("signing", {}), "request_credentials": keys}


@cache
def _session() -> Any:
    """One for all clouds of this process: it caches AWS's models."""
    from boto3.session import Session

    return Session(ADMINISTRATOR_KEY, ADMINISTRATOR_KEY)
