"""Retry policies: which failures of a step are retried, how often, and after how long.

AWS retries service faults and throttling by itself and does not document how often: DEFAULT is an assumption. Not
reproduced: capacity errors happen here only when a job's failure reason says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from localcloud.core.refusal import Refusal

SERVICE_FAULT, THROTTLING = "Step.SERVICE_FAULT", "Step.THROTTLING"
INTERNAL, CAPACITY, LIMIT = "SageMaker.JOB_INTERNAL_ERROR", "SageMaker.CAPACITY_ERROR", "SageMaker.RESOURCE_LIMIT"
KNOWN = (SERVICE_FAULT, THROTTLING, INTERNAL, CAPACITY, LIMIT)
RETRIED_TYPES = ("Processing", "Training", "Transform", "Model", "RegisterModel")
THROTTLES = ("Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException", "SlowDown")
DEFAULT = {"ExceptionType": [SERVICE_FAULT, THROTTLING], "IntervalSeconds": 1, "BackoffRate": 2.0, "MaxAttempts": 5}
MOST_ATTEMPTS, MOST_MINUTES = 20, 14400


def of_refusal(refusal: Refusal) -> str:
    """The exception type of a refused call; empty when it cannot be retried."""
    if refusal.code in THROTTLES:
        return THROTTLING
    if refusal.code in ("ResourceLimitExceeded", "ResourceLimitExceededException"):
        return LIMIT
    return SERVICE_FAULT if refusal.status >= 500 else ""


def of_failure(reason: str) -> str:
    """The exception type of a failed job, by the reason in its description."""
    if reason.startswith(("InternalServerError", "InternalServerException")):
        return INTERNAL
    return CAPACITY if "CapacityError" in reason or "InsufficientCapacity" in reason else ""


class Attempts:
    """The retries of one step, counted for each policy."""

    def __init__(self, entry: dict[str, Any]) -> None:
        self._policies = [*entry.get("RetryPolicies", []), DEFAULT]
        self._used: Counter[int] = Counter()

    def wait(self, exception: str, elapsed: float) -> float | None:
        """Seconds until the next attempt, ``elapsed`` after the first; None for no further attempt."""
        for number, policy in enumerate(self._policies):
            if exception not in policy["ExceptionType"]:
                continue
            used = self._used[number]
            interval = policy.get("IntervalSeconds", 1) * policy.get("BackoffRate", 2.0) ** used
            pause = max(1.0, float(interval))  # without a pause it would retry for ever while the clock stands still
            if used >= policy.get("MaxAttempts", used + 1):
                return None
            if elapsed + pause > policy.get("ExpireAfterMin", MOST_MINUTES) * 60:
                return None
            self._used[number] += 1
            return pause
        return None

    def covers(self, exception: str) -> bool:
        return any(exception in policy["ExceptionType"] for policy in self._policies)


def problems(step: dict[str, Any]) -> Iterator[str]:
    policies = step.get("RetryPolicies", [])
    if not isinstance(policies, list) or not all(isinstance(policy, dict) for policy in policies):
        yield "RetryPolicies must be a list of objects"
    elif policies and step["Type"] not in RETRIED_TYPES:
        yield f"RetryPolicies are not possible for a step of type {step['Type']}"
    else:
        for policy in policies:
            yield from (f"RetryPolicies: {problem}" for problem in _policy(policy))


def _policy(policy: dict[str, Any]) -> Iterator[str]:
    types = policy.get("ExceptionType")
    if not isinstance(types, list) or not types:
        yield "ExceptionType must be a list of at least one exception type"
        return
    yield from (f"the exception type {name!r} is not one of {', '.join(KNOWN)}" for name in types if name not in KNOWN)
    if ("MaxAttempts" in policy) == ("ExpireAfterMin" in policy):
        yield "exactly one of MaxAttempts and ExpireAfterMin must be given"
    limits = {"MaxAttempts": (1, MOST_ATTEMPTS), "ExpireAfterMin": (1, MOST_MINUTES), "IntervalSeconds": (0, None)}
    for name, (low, high) in {**limits, "BackoffRate": (0, None)}.items():
        value = policy.get(name, low)
        if not isinstance(value, int | float) or isinstance(value, bool) or value < low or (high and value > high):
            yield f"{name} is {value!r}; it must be from {low}{f' to {high}' if high else ' up'}"
