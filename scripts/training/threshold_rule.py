"""How the probability is chosen from which on a row is called positive, as the setting says it."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable
from dataclasses import dataclass

FORMS = '0.5, f1 (f2 favours recall, f0.5 precision), "precision 0.9" or "costs 1:20"'
NUMBER = r"(\d+(?:\.\d+)?)"


@dataclass(frozen=True)
class Rule:
    """One of the forms: the field of each is set, the others are None."""

    text: str
    fixed: float | None = None
    beta: float | None = None  # of F
    least_precision: float | None = None
    costs: tuple[float, float] | None = None  # of a false positive, of a false negative


def parse(text: str) -> Rule:
    for form, rule in PARSERS.items():
        if (match := re.fullmatch(form, text)) and (found := rule(text, *map(float, match.groups()))):
            return found
    raise argparse.ArgumentTypeError(f"{text!r} is not one of {FORMS}")


def _fixed(text: str, number: float) -> Rule | None:
    return Rule(text, fixed=number) if 0 < number < 1 else None


def _f(text: str, beta: float) -> Rule | None:
    return Rule(text, beta=beta) if 0 < beta <= 100 else None


def _precision(text: str, least: float) -> Rule | None:
    return Rule(text, least_precision=least) if 0 < least <= 1 else None


def _costs(text: str, false_positive: float, false_negative: float) -> Rule | None:
    positive = false_positive > 0 and false_negative > 0 and math.isfinite(false_positive + false_negative)
    return Rule(text, costs=(false_positive, false_negative)) if positive else None


PARSERS: dict[str, Callable[..., Rule | None]] = {
    NUMBER: _fixed,
    f"f{NUMBER}": _f,
    f"precision {NUMBER}": _precision,
    f"costs {NUMBER}:{NUMBER}": _costs,
}
