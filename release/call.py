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
    ignore: tuple[str, ...] = ()  # errors that mean "already done": an error code, or "code: words of its message"

    def already_done(self, error: Exception) -> bool:
        """Does this error mean that an interrupted run, or another one, has done it before?"""
        details = getattr(error, "response", {}).get("Error", {})
        for entry in self.ignore:
            code, _, words = entry.partition(": ")
            if details.get("Code") == code and words.lower() in str(details.get("Message", "")).lower():
                return True
        return False
