"""The principal of the request that the current thread handles, for services that must know who calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from localcloud.core.access.principal import Principal

_CALLER: ContextVar[tuple[Principal, str]] = ContextVar("caller")


@contextmanager
def calling(principal: Principal, access_key: str = "") -> Iterator[None]:
    """Within it ``principal`` is the caller."""
    before = _CALLER.set((principal, access_key))
    try:
        yield
    finally:
        _CALLER.reset(before)


def caller() -> Principal:
    """Raises LookupError outside of a request."""
    return _CALLER.get()[0]


def access_key() -> str:
    """The caller's; "" if the call was not made over HTTP."""
    return _CALLER.get()[1]
