"""What a judgement tolerates, and how often it may be wrong."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Literal

Test = Literal["errors_5xx", "errors_4xx", "latency"]
TESTS: tuple[Test, ...] = ("errors_5xx", "errors_4xx", "latency")
BLOCK = 5  # answers that a block has of each fleet at least
GROWTH = 20  # of the new fleet's answers so far, a block has one of so many: blocks at the beginning are small
LARGEST_BLOCK = 50
RECORD = 100  # answers of an old fleet, at least, that stand for it once it has ended
RECORD_SHARE = 0.2  # of each test's alpha: spent on the bound of what is on record of an old fleet that has ended


@dataclass(frozen=True)
class Limits:
    latency_factor: float = 1.2  # the new fleet may be so many times as slow
    error_points: float = 0.003  # so much more of its answers may fail, of each class
    alpha: float = 0.05  # the share of releases within the tolerance that fail, over all tests and looks
    cold_exempt: int = 100  # more cold answers than that: its workers restart, and their latency counts
    severe_factor: float = 3.0  # what has to show before a release passes: so many times as slow ...
    severe_points: float = 0.05  # ... and so much more of its answers that fail

    @property
    def record_latency_factor(self) -> float:
        """Midway to a severe fault: load changes latencies too, and no fleet beside this one shows by how much."""
        return sqrt(self.latency_factor * max(self.latency_factor, self.severe_factor))

    @property
    def test_alpha(self) -> float:
        return self.alpha / len(TESTS) * (1 - RECORD_SHARE)

    @property
    def record_alpha(self) -> float:
        return self.alpha / len(TESTS) * RECORD_SHARE


def block_size(answers: int) -> int:
    """How many answers of the new fleet the next block has, after so many."""
    return min(max(BLOCK, answers // GROWTH), LARGEST_BLOCK)
