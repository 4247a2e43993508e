"""One request of the plan, with the sentence that says what it is for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Call:
    service: str
    operation: str  # boto3's method
    request: dict[str, Any]
    sentence: str
    ignore: tuple[str, ...] = ()  # refusals that mean "already so": an error code, or "code: words of its message"

    def already_so(self, error: Exception) -> bool:
        """Does this refusal mean that somebody (an interrupted run, another one) made it so before?"""
        told = getattr(error, "response", {}).get("Error", {})
        for entry in self.ignore:
            code, _, words = entry.partition(": ")
            if told.get("Code") == code and words.lower() in str(told.get("Message", "")).lower():
                return True
        return False
