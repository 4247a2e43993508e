"""Scheduler's ClientToken, with the rules of ClientRequestToken (core/tokens.py)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from localcloud.core.clock import Clock
from localcloud.core.service import Part
from localcloud.core.tokens import Tokens


class ClientTokens(Part):
    def __init__(self, clock: Clock) -> None:
        self._tokens = Tokens(clock)

    def reset(self) -> None:
        self._tokens.clear()

    def once(
        self, operation: str, request: dict[str, Any], perform: Callable[[dict[str, Any]], dict[str, Any]]
    ) -> dict[str, Any]:
        """The known response to the request's token, else what ``perform`` returns."""
        if not (token := request.get("ClientToken")):
            return perform(request)
        keyed = {**request, "ClientRequestToken": token}
        return self._tokens.answer(operation, keyed) or self._tokens.remember(operation, keyed, perform(request))
