"""Processing jobs: create, describe, list, stop, delete.

A request that AWS would take and this machine cannot run is refused as not implemented. Not reproduced: what the
role may do, experiments, feature store outputs, uploads before the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from localcloud.core.refusal import NOT_IMPLEMENTED, Refusal
from localcloud.core.service import operation
from localcloud.runtime.jobs import processing
from localcloud.runtime.jobs.job import Job, Outcome, Refused
from localcloud.runtime.jobs.runner import run_all
from localcloud.services.sagemaker.jobs.input_checks import check_once
from localcloud.services.sagemaker.jobs.job_part import JobPart
from localcloud.services.sagemaker.jobs.records import SEE_LOGS, TOO_LONG, JobRecord
from localcloud.services.sagemaker.roles import check_role

Request = dict[str, Any]


@dataclass(eq=False)
class ProcessingRecord(JobRecord):
    kind: ClassVar[str] = "Processing"
    event: ClassVar[str] = "SageMaker Processing Job State Change"
    message: str = ""

    def conclude(self, outcome: Outcome, now: datetime) -> None:
        """AWS tells a processing script's sentence as the ExitMessage, and nothing of it as the FailureReason."""
        super().conclude(outcome, now)
        if outcome.status == "Failed" and outcome.message:
            self.reason = f"AlgorithmError: {SEE_LOGS}"
        limit = f"{TOO_LONG}: {outcome.reason}. " if outcome.timed_out else ""
        self.message = f"{limit}{outcome.message}".strip()

    def description(self) -> Request:
        return {**super().description(), **({"ExitMessage": self.message} if self.message else {})}

    def summary(self) -> Request:
        told = {"FailureReason": self.reason, "ExitMessage": self.message}
        return {**super().summary(), **{name: value for name, value in told.items() if value}}


class ProcessingJobs(JobPart):
    @operation("CreateProcessingJob")
    def create_processing_job(self, request: Request) -> Request:
        arn = self.check_new_job("Processing", request["ProcessingJobName"])
        check_role(self.cloud, request["RoleArn"])
        inputs = request.get("ProcessingInputs", [])
        outputs = request.get("ProcessingOutputConfig", {}).get("Outputs", [])
        check_once("Input names", (item["InputName"] for item in inputs))
        check_once("Output names", (item["OutputName"] for item in outputs))
        places = [item.get("S3Input", {}).get("LocalPath") for item in inputs]
        check_once("LocalPaths of inputs", (place for place in places if place))
        try:
            instances = processing.instances(request)
        except Refused as refused:
            raise Refusal(NOT_IMPLEMENTED, str(refused)) from None
        now = self.cloud.clock.now()
        record = ProcessingRecord(request, arn, now, now)
        return self.start_job(record, len(instances), lambda: self._process(record, instances))

    @operation("DescribeProcessingJob")
    def describe_processing_job(self, request: Request) -> Request:
        return self.find_job("Processing", request["ProcessingJobName"]).description()

    @operation("ListProcessingJobs")
    def list_processing_jobs(self, request: Request) -> Request:
        return self.list_jobs("Processing", request)

    @operation("StopProcessingJob")
    def stop_processing_job(self, request: Request) -> None:
        self.stop_job("Processing", request["ProcessingJobName"])

    @operation("DeleteProcessingJob")
    def delete_processing_job(self, request: Request) -> None:
        self.delete_job("Processing", request["ProcessingJobName"])

    def _process(self, record: JobRecord, instances: list[Job]) -> Outcome:
        with self.job_folders(record, len(instances)) as folders:
            return run_all(
                instances,
                folders,
                self.job_store(),
                prepare=self.job_runtime(),
                watch=self.job_watch(record),
                grace_seconds=self.grace_seconds,
            )
