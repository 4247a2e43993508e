"""ClientRequestToken: the same request again gives the same answer and does nothing."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from localcloud.core.clock import Clock
from localcloud.core.refusal import Refusal

REMEMBERED = 24 * 3600  # seconds; AWS does not say how long
MOST = 10_000


class Tokens:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._answers: OrderedDict[tuple[str, str], tuple[float, str, dict[str, Any]]] = OrderedDict()

    def answer(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any] | None:
        """What was answered to this token; None when it is new."""
        self._forget_old()
        known = self._answers.get((operation, request["ClientRequestToken"]))
        if known is None:
            return None
        if known[1] != _canonical(request):
            raise Refusal("ConflictException", "The ClientRequestToken was used before for another request.")
        return known[2]

    def remember(self, operation: str, request: Mapping[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        key = (operation, request["ClientRequestToken"])
        self._answers[key] = (self.clock.seconds(), _canonical(request), answer)
        return answer

    def clear(self) -> None:
        self._answers.clear()

    def _forget_old(self) -> None:
        oldest = self.clock.seconds() - REMEMBERED
        while self._answers and (len(self._answers) > MOST or next(iter(self._answers.values()))[0] < oldest):
            self._answers.popitem(last=False)


def _canonical(request: Mapping[str, Any]) -> str:
    """Tags do not make it another request."""
    return json.dumps({**request, "Tags": None}, sort_keys=True, default=str)
