"""Pages of a list, as every List and Describe operation returns them."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from localcloud.core.refusal import Refusal


def paged(
    items: Sequence[Any],
    request: Mapping[str, Any],
    key: str,
    *,
    limit: int = 10,
    size_key: str = "MaxResults",
    token_key: str = "NextToken",  # noqa: S107 - the name of a field
    code: str = "ValidationException",
) -> dict[str, Any]:
    """One page of ``items``, which the caller has filtered and sorted; ``limit`` is AWS's default page size.

    The token names the next item, so that none is skipped or repeated when others are created or deleted between two
    pages. It is valid for the same request only, as AWS's are.
    """
    query = zlib.crc32(repr(sorted((k, v) for k, v in request.items() if k not in (size_key, token_key))).encode())
    start = _start(items, request[token_key], query, code) if request.get(token_key) else 0
    end = start + int(request.get(size_key) or limit)
    page: dict[str, Any] = {key: list(items[start:end])}
    if end < len(items):
        token = json.dumps([query, end, _identity(items[end])])
        page[token_key] = base64.urlsafe_b64encode(token.encode()).decode()
    return page


def _start(items: Sequence[Any], token: str, query: int, code: str) -> int:
    try:
        token_query, place, identity = json.loads(base64.urlsafe_b64decode(token))
        valid = token_query == query and isinstance(place, int)
    except (ValueError, TypeError):
        valid = False
    if not valid:
        raise Refusal(code, "The pagination token is invalid: it was not returned for this request.")
    positions = (number for number, item in enumerate(items) if _identity(item) == identity)
    return min(positions, key=lambda number: abs(number - place), default=place)


def _identity(item: Any) -> str:
    """An item's first member, which is its name or its ARN."""
    return str(next(iter(item.values()), "")) if isinstance(item, Mapping) else str(item)
