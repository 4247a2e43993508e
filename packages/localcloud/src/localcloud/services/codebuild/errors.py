"""CodeBuild's error codes, and how its lists are paged."""

from __future__ import annotations

from typing import Any

INVALID, NOT_FOUND = "InvalidInputException", "ResourceNotFoundException"
PAGES: dict[str, Any] = {"limit": 100, "size_key": "maxResults", "token_key": "nextToken", "code": INVALID}
