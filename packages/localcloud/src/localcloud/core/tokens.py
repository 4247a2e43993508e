"""Client tokens: a repeated request with the same token gets the same response and has no further effect."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from localcloud.core.clock import Clock
from localcloud.core.refusal import Refusal
from localcloud.core.service import Part

RETENTION = 24 * 3600  # seconds; AWS does not say how long
MAX_TOKENS = 10_000
Members = dict[str, Any]
Response = TypeVar("Response")


class _Known(NamedTuple):
    at: float
    request: str
    response: Any


class Tokens(Part):
    """``member`` is the request's member with the token; ``conflict`` the error code for a token of another request."""

    def __init__(
        self, clock: Clock, *, member: str = "ClientRequestToken", conflict: str = "ConflictException"
    ) -> None:
        self._clock, self._member, self._conflict = clock, member, conflict
        self._known: OrderedDict[tuple[str, str], _Known] = OrderedDict()

    def reset(self) -> None:
        self._known.clear()

    def once(self, operation: str, request: Members, perform: Callable[[Members], Response]) -> Response:
        """The known response to the request's token, else that of ``perform``. A refusal is not kept."""
        if not (token := request.get(self._member)):
            return perform(request)
        self._remove_old()
        text, known = _canonical(request), self._known.get((operation, token))
        if known is None:
            known = _Known(self._clock.seconds(), text, perform(request))
            self._known[operation, token] = known
        elif known.request != text:
            raise Refusal(self._conflict, f"The {self._member} was used before for another request.")
        response: Response = known.response
        return response

    def _remove_old(self) -> None:
        oldest = self._clock.seconds() - RETENTION
        while self._known and (len(self._known) > MAX_TOKENS or next(iter(self._known.values())).at < oldest):
            self._known.popitem(last=False)


def _canonical(request: Mapping[str, Any]) -> str:
    """Tags do not make it another request."""
    return json.dumps({**request, "Tags": None}, sort_keys=True, default=str)
