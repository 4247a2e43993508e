"""Metrics that an algorithm prints: MetricDefinitions find them in its log, line by line."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from localcloud.core.refusal import Refusal


class LogMetrics:
    def __init__(self, definitions: Iterable[Mapping[str, str]]) -> None:
        self._patterns = {each["Name"]: _pattern(each) for each in definitions}

    def of(self, line: str) -> Iterator[tuple[str, float]]:
        """Each value is what the expression's first group holds, or all that it matches."""
        for name, pattern in self._patterns.items():
            for match in pattern.finditer(line):
                with suppress(ValueError, TypeError):  # no number: AWS passes over it as well
                    value = float(match.group(1 if pattern.groups else 0))
                    if math.isfinite(value):
                        yield name, value


def _pattern(definition: Mapping[str, str]) -> re.Pattern[str]:
    try:
        return re.compile(definition["Regex"])
    except re.error as error:
        sentence = f"The Regex of the metric definition {definition['Name']} is invalid: {error}"
        raise Refusal("ValidationException", sentence) from None
