"""Calls that were denied, with what was decided: for the status, the log and ``localcloud explain``."""

from __future__ import annotations

import itertools
import logging
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from threading import Lock
from typing import Any

from localcloud.core.access.evaluation import Policies, Question
from localcloud.core.access.explanation import explain

log = logging.getLogger("localcloud.denied")
KEPT = 200


@dataclass(frozen=True)
class Denial:
    number: int
    call: str  # sagemaker.CreateModel
    sentence: str
    question: Question
    policies: Policies

    def record(self) -> dict[str, Any]:
        question = self.question
        return {
            "number": self.number,
            "call": self.call,
            "principal": question.principal.arn,
            "action": question.action,
            "resource": question.resource,
            "sentence": self.sentence,
        }

    def explanation(self) -> dict[str, Any]:
        """The record, the condition keys of the request, and each statement that was looked at."""
        context = {name: list(values) for name, values in sorted(self.question.context.items())}
        statements = [asdict(each) for each in explain(self.question, self.policies).considered]
        return {**self.record(), "context": context, "statements": statements}


class Denials:
    def __init__(self) -> None:
        self._numbers, self._lock = itertools.count(1), Lock()
        self._latest: deque[Denial] = deque(maxlen=KEPT)

    def add(self, call: str, sentence: str, question: Question, policies: Policies) -> None:
        with self._lock:
            denial = Denial(next(self._numbers), call, sentence, question, policies)
            self._latest.append(denial)
        log.info("%d: %s: %s", denial.number, call, sentence)

    def __iter__(self) -> Iterator[Denial]:
        with self._lock:
            return iter(tuple(self._latest))

    def find(self, number: int = 0) -> Denial:
        """0: the latest. Raises ValueError."""
        latest = list(self)
        found = [denial for denial in latest if denial.number == number] if number else latest[-1:]
        if not found:
            known = f"from {latest[0].number} to {latest[-1].number}" if latest else "none yet"
            raise ValueError(f"there is no denied call {number or ''}".rstrip() + f"; those that are kept: {known}")
        return found[0]

    def clear(self) -> None:
        with self._lock:
            self._latest.clear()
