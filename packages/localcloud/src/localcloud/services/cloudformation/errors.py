"""CloudFormation's ValidationError, with the prefixes of its messages."""

from __future__ import annotations

from localcloud.core.refusal import Refusal

VALIDATION_ERROR = "ValidationError"


def validation_error(message: str) -> Refusal:
    return Refusal(VALIDATION_ERROR, message)


def format_error(reason: str) -> Refusal:
    return validation_error(f"Template format error: {reason}")


def template_error(reason: str) -> Refusal:
    return validation_error(f"Template error: {reason}")


def pattern_error(value: str, member: str, pattern: str) -> Refusal:
    constraint = f"Member must satisfy regular expression pattern: {pattern}"
    return _constraint_error(f"Value '{value}'", member, constraint)


def length_error(member: str, limit: int) -> Refusal:
    return _constraint_error("Value", member, f"Member must have length less than or equal to {limit}")


def _constraint_error(value: str, member: str, constraint: str) -> Refusal:
    reason = f"{value} at '{member}' failed to satisfy constraint: {constraint}"
    return validation_error(f"1 validation error detected: {reason}")
