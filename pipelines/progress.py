"""How far a training is, by the last lines of its log: the round, the metric and at most how long it goes on."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from aws.tables import duration
from pipelines.executions import Step
from pipelines.failed_steps import GROUPS, Event, last_events

ROUND = re.compile(r"\[(\d+)\] .*?\b(validation-[\w-]+:[\w.+-]+)")  # as scripts/training/boosting.py prints it
LINES = 20
Client = Callable[[str], Any]


class Progress:
    """Reads the hyperparameters of each training once. Nothing here is worth an error: "" is shown instead."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._rounds: dict[str, int] = {}  # by the job's name

    def of(self, steps: Sequence[Step]) -> dict[str, str]:
        """By the step's name, for trainings that run."""
        running = [step for step in steps if step.status == "Executing" and step.job and step.job.kind == "TrainingJob"]
        return {step.name: text for step in running if step.job and (text := self._read(step.job.name))}

    def _read(self, job: str) -> str:
        try:
            events = last_events(self._client("logs"), GROUPS["TrainingJob"], job, LINES)
            return render(events, self._most_rounds(job))
        except Exception:  # noqa: BLE001 - cosmetic only, and a role may lack the permission
            return ""

    def _most_rounds(self, job: str) -> int:
        if job not in self._rounds:
            described = self._client("sagemaker").describe_training_job(TrainingJobName=job)
            self._rounds[job] = int(described["HyperParameters"]["rounds"].strip('"'))
        return self._rounds[job]


def render(events: Sequence[Event], rounds: int) -> str:
    """``round 120 of at most 500, validation-logloss 0.4312, at most 14 s left``"""
    found = [(event, match) for event in events if (match := ROUND.match(event.message))]
    if not found:
        return ""
    (first, begin), (last, end) = found[0], found[-1]
    number, metric = int(end[1]), end[2].rpartition(":")
    text = f"round {number + 1} of at most {rounds}, {metric[0]} {metric[2]}"
    passed = number - int(begin[1])
    if passed <= 0 or last.time <= first.time:
        return text
    return f"{text}, at most {duration((last.time - first.time) / passed * (rounds - number - 1))} left"
