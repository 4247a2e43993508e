"""A training job as a record: its secondary statuses, its metrics, its model."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from localcloud.runtime.jobs import training
from localcloud.runtime.jobs.hooks import DOWNLOADING, RUNNING, UPLOADING
from localcloud.runtime.jobs.job import Outcome
from localcloud.services.sagemaker.jobs.records import FINAL, TIMEOUTS, TOO_LONG, JobRecord, Members, whole_seconds

PHASES = {  # of the runner, by AWS's names
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


NOT_BLOCKED = (*FINAL, *TIMEOUTS, "Stopping", "Interrupted")  # statuses that a job with a signal still enters


@dataclass(eq=False)
class TrainingRecord(JobRecord):
    kind: ClassVar[str] = "Training"
    event: ClassVar[str] = "SageMaker Training Job State Change"
    secondary: str = ""
    transitions: list[Members] = field(default_factory=list)
    metrics: dict[str, Members] = field(default_factory=dict)  # the last of each
    seconds: float = 0.0  # of work, over all attempts
    time_limit: str = "MaxRuntimeExceeded"  # or MaxWaitTimeExceeded: the limit that comes first

    def enter(self, phase: str, now: datetime) -> bool:
        secondary = PHASES.get(phase, phase)
        if secondary == self.secondary or (self.signal and secondary not in NOT_BLOCKED):
            return False
        if self.transitions:
            self.transitions[-1]["EndTime"] = now
        self.secondary = secondary
        self.transitions.append({"Status": secondary, "StartTime": now, "StatusMessage": MESSAGES[secondary]})
        return True

    def conclude(self, outcome: Outcome, now: datetime) -> None:
        super().conclude(outcome, now)
        self.enter(self.time_limit if outcome.timed_out else outcome.status, now)
        self.transitions[-1]["EndTime"] = now
        if self.reason:
            self.transitions[-1]["StatusMessage"] = self.reason

    def record_metric(self, name: str, value: float, now: datetime) -> None:
        self.metrics[name] = {"MetricName": name, "Value": value, "Timestamp": now}

    def description(self) -> Members:
        members = super().description() | {
            "SecondaryStatus": self.secondary,
            "SecondaryStatusTransitions": [dict(each) for each in self.transitions],
        }
        if self.metrics:
            members["FinalMetricDataList"] = [dict(each) for each in self.metrics.values()]
        if self.over and self.started:
            members |= dict.fromkeys(("TrainingTimeInSeconds", "BillableTimeInSeconds"), whole_seconds(self.seconds))
        if self.status == "Completed" or (self.status == "Stopped" and self.started):
            members["ModelArtifacts"] = {"S3ModelArtifacts": training.artifact(self.request)}
        return members

    def summary(self) -> Members:
        return {**super().summary(), "SecondaryStatus": self.secondary}
