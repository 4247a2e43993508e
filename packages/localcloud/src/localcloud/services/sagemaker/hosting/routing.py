"""Chooses the fleet for the next request of an endpoint: by share, spread evenly, from a consistent set of shares."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from localcloud.services.sagemaker.hosting.fleet import Fleet

Share = tuple[Fleet, float]
GOLDEN = 0.6180339887498949  # its multiples, modulo 1, fill every interval as evenly as can be


class Routes:
    """Of one endpoint. ``set`` swaps all shares at once: a request never sees a mix of old and new ones."""

    def __init__(self, shares: Sequence[Share] = ()) -> None:
        self._shares: tuple[Share, ...] = tuple(shares)
        self._numbers = itertools.count()

    def set(self, shares: Sequence[Share]) -> None:
        """Shares are weights of any scale. One of 0 gets requests only by its variant's name, or when all are 0."""
        if any(share < 0 for _, share in shares):
            raise ValueError("a share of the traffic is 0 or more")
        self._shares = tuple(shares)

    @property
    def shares(self) -> tuple[Share, ...]:
        return self._shares

    @property
    def fleets(self) -> tuple[Fleet, ...]:
        return tuple(fleet for fleet, _ in self._shares)

    def choose(self, target_variant: str = "") -> Fleet:
        """By share among all, or among the fleets of one variant; LookupError when there is none."""
        shares = [each for each in self._shares if target_variant in ("", each[0].variant_name)]
        if not shares:
            raise LookupError(target_variant)
        if not any(share for _, share in shares):
            shares = [(fleet, 1.0) for fleet, _ in shares]
        point = next(self._numbers) * GOLDEN % 1 * sum(share for _, share in shares)
        for fleet, share in shares:
            point -= share
            if point < 0:
                return fleet
        return next(fleet for fleet, share in reversed(shares) if share)
