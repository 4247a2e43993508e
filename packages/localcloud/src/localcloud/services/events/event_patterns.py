"""Event patterns in requests, and the operation that tries one."""

from __future__ import annotations

import json
from typing import Any

from localcloud.core.refusal import Refusal
from localcloud.core.service import Part, operation
from localcloud.services.events.patterns import Fields, InvalidPattern, compile_pattern

MAX_CHARACTERS = 2048  # AWS raises it to 4096 on request
REQUIRED = ("id", "account", "source", "time", "region", "resources", "detail-type")


class EventPatterns(Part):
    @operation("TestEventPattern")
    def test_event_pattern(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            event = json.loads(request["Event"])
        except (ValueError, RecursionError):
            raise Refusal("ValidationException", "Parameter Event is not valid. Reason: Invalid JSON.") from None
        if not isinstance(event, dict):
            raise Refusal("ValidationException", "Parameter Event is not valid. Reason: it is not an object.")
        if missing := [name for name in REQUIRED if name not in event]:
            sentence = f"Parameter Event is not valid. Reason: {', '.join(missing)} missing."
            raise Refusal("ValidationException", sentence)
        return {"Result": compile_or_refuse(request["EventPattern"]).matches(event)}


def compile_or_refuse(pattern: str) -> Fields:
    if len(pattern) > MAX_CHARACTERS:
        sentence = f"Event pattern has {len(pattern)} characters, at most {MAX_CHARACTERS} are allowed."
        raise Refusal("LimitExceededException", sentence)
    try:
        return compile_pattern(pattern)
    except InvalidPattern as problem:
        raise Refusal("InvalidEventPatternException", f"Event pattern is not valid. Reason: {problem}") from None
