"""Metrics that an algorithm prints: MetricDefinitions find them in its log, line by line."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from localcloud.services.sagemaker.refusals import invalid


class LogMetrics:
    def __init__(self, definitions: Iterable[Mapping[str, str]]) -> None:
        self._patterns = {each["Name"]: _pattern(each) for each in definitions}

    def find(self, line: str) -> Iterator[tuple[str, float]]:
        """A value is the expression's first group, or its whole match without one."""
        for name, pattern in self._patterns.items():
            for match in pattern.finditer(line):
                with suppress(ValueError, TypeError):  # not a number: AWS ignores it, too
                    value = float(match.group(1 if pattern.groups else 0))
                    if math.isfinite(value):
                        yield name, value


def _pattern(definition: Mapping[str, str]) -> re.Pattern[str]:
    try:
        return re.compile(definition["Regex"])
    except re.error as error:
        message = f"The Regex of the metric definition {definition['Name']} is invalid: {error}"
        raise invalid(message) from None
