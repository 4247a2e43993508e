"""A training job as it is remembered: its secondary statuses, its metrics, its model."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from localcloud.runtime.jobs import training
from localcloud.runtime.jobs.job import Outcome
from localcloud.runtime.jobs.progress import DOWNLOADING, RUNNING, UPLOADING
from localcloud.services.sagemaker.jobs.records import TIMES_UP, TOO_LONG, JobRecord, whole_seconds

Request = dict[str, Any]
PHASES = {  # of the runner, as AWS calls them
    DOWNLOADING: "Downloading",
    RUNNING: "Training",
    UPLOADING: "Uploading",
}
MESSAGES = {
    "Pending": "Training job waiting for capacity",
    "Starting": "Preparing the instances for training",
    "Downloading": "Downloading input data",
    "Training": "Training image download completed. Training in progress.",
    "Uploading": "Uploading generated training model",
    "Interrupted": "The spot instances were interrupted",
    "Restarting": "Training job restarting from its checkpoints",
    "Stopping": "Stopping the training job",
    "Stopped": "Training job stopped",
    "Completed": "Training job completed",
    "Failed": "Training job failed",
    "MaxRuntimeExceeded": f"{TOO_LONG}: the training job ran longer than MaxRuntimeInSeconds (of this machine)",
    "MaxWaitTimeExceeded": f"{TOO_LONG}: the training job waited and ran longer than MaxWaitTimeInSeconds",
}
LAST = ("Completed", "Failed", "Stopped", *TIMES_UP)


@dataclass(eq=False)
class TrainingRecord(JobRecord):
    kind: ClassVar[str] = "Training"
    event: ClassVar[str] = "SageMaker Training Job State Change"
    secondary: str = ""
    transitions: list[Request] = field(default_factory=list)
    metrics: dict[str, Request] = field(default_factory=dict)  # the last of each
    seconds: float = 0.0  # of work, over all attempts
    no_time_left: str = "MaxRuntimeExceeded"  # or MaxWaitTimeExceeded: the limit that comes first

    def enter(self, phase: str, now: datetime) -> bool:
        secondary = PHASES.get(phase, phase)
        if secondary == self.secondary or (self.wanted and secondary not in (*LAST, "Stopping", "Interrupted")):
            return False
        if self.transitions:
            self.transitions[-1]["EndTime"] = now
        self.secondary = secondary
        self.transitions.append({"Status": secondary, "StartTime": now, "StatusMessage": MESSAGES[secondary]})
        return True

    def conclude(self, outcome: Outcome, now: datetime) -> None:
        super().conclude(outcome, now)
        self.enter(self.no_time_left if outcome.timed_out else outcome.status, now)
        self.transitions[-1]["EndTime"] = now
        if self.reason:
            self.transitions[-1]["StatusMessage"] = self.reason

    def measured(self, name: str, value: float, now: datetime) -> None:
        self.metrics[name] = {"MetricName": name, "Value": value, "Timestamp": now}

    def description(self) -> Request:
        told = super().description() | {
            "SecondaryStatus": self.secondary,
            "SecondaryStatusTransitions": [dict(each) for each in self.transitions],
        }
        if self.metrics:
            told["FinalMetricDataList"] = [dict(each) for each in self.metrics.values()]
        if self.over and self.started:
            told |= dict.fromkeys(("TrainingTimeInSeconds", "BillableTimeInSeconds"), whole_seconds(self.seconds))
        if self.status == "Completed" or (self.status == "Stopped" and self.started):
            told["ModelArtifacts"] = {"S3ModelArtifacts": training.artifact(self.request)}
        return told

    def summary(self) -> Request:
        return {**super().summary(), "SecondaryStatus": self.secondary}
