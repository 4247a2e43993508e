"""The fleets' shares of an endpoint's traffic: by the variants' weights, and by how far it has moved to green."""

from __future__ import annotations

from collections.abc import Mapping

from localcloud.services.sagemaker.endpoints.deployment.side import Member, Side
from localcloud.services.sagemaker.hosting.routing import Share


def shares(blue: Side, green: Side, moved: Mapping[str, float]) -> list[Share]:
    """``moved``: the part of each variant's traffic that green has, 0 to 1. A variant of one side only moves with them.

    A variant without weight has no share, but stays: a request can name it.
    """
    overall = max(moved.values(), default=1.0)
    parts = [(member, 1 - moved.get(name, overall), _total(blue)) for name, member in blue.members.items()]
    parts += [(member, moved.get(name, overall), _total(green)) for name, member in green.members.items()]
    weighted = [(member.fleet, _weight(member, total) * part) for member, part, total in parts if part > 0]
    whole = sum(share for _, share in weighted) or 1.0
    return [(fleet, share / whole) for fleet, share in weighted]


def _total(side: Side) -> float:
    return sum(member.weight for member in side.members.values())


def _weight(member: Member, total: float) -> float:
    """Without any weight at all, all variants weigh the same."""
    return member.weight / total if total else 1.0
