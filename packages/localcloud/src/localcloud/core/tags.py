"""Tags of resources: AWS's two forms, and what every service refuses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from localcloud.core.refusal import Refusal

LIMIT = 50
RESERVED = "aws:"


def as_dict(tags: Iterable[Mapping[str, str]] | None, key: str = "Key", value: str = "Value") -> dict[str, str]:
    return {tag[key]: tag[value] for tag in tags or ()}


def as_list(tags: Mapping[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    return [{key: name, value: text} for name, text in tags.items()]


def checked(
    new: Mapping[str, str],
    existing: Mapping[str, str] | None = None,
    *,
    limit: int = LIMIT,
    invalid: str = "ValidationException",
    too_many: str = "",
) -> dict[str, str]:
    """The new tags alone. ``invalid`` and ``too_many`` are the service's error codes; the latter may be the same."""
    if any(key.lower().startswith(RESERVED) for key in new):
        raise Refusal(invalid, "aws: prefixed tag key names are not allowed for external use.")
    if len({**(existing or {}), **new}) > limit:
        raise Refusal(too_many or invalid, f"A resource has at most {limit} tags; this one would have more.")
    return dict(new)
