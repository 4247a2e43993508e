"""Processing jobs: create, describe, list, stop, delete.

A request that AWS accepts and this machine cannot run is refused as not implemented. Not reproduced:
experiments, feature store outputs, uploads before the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from localcloud.core.refusal import NOT_IMPLEMENTED, Refusal
from localcloud.core.service import Part, operation
from localcloud.runtime.jobs import processing
from localcloud.runtime.jobs.job import Outcome, UnsupportedRequest
from localcloud.services.sagemaker.execution_roles import open_session
from localcloud.services.sagemaker.jobs.input_checks import check_unique, check_volume_key
from localcloud.services.sagemaker.jobs.lifecycle import JobLifecycle
from localcloud.services.sagemaker.jobs.records import SEE_LOGS, TOO_LONG, JobRecord
from localcloud.services.sagemaker.jobs.runner import JobRunner

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

Request = dict[str, Any]


@dataclass(eq=False)
class ProcessingRecord(JobRecord):
    kind: ClassVar[str] = "Processing"
    event: ClassVar[str] = "SageMaker Processing Job State Change"
    message: str = ""

    def conclude(self, outcome: Outcome, now: datetime) -> None:
        """As on AWS, the message of a processing script is the ExitMessage; the FailureReason has nothing of it."""
        super().conclude(outcome, now)
        if outcome.status == "Failed" and outcome.message:
            self.reason = f"AlgorithmError: {SEE_LOGS}"
        limit = f"{TOO_LONG}: {outcome.reason}. " if outcome.timed_out else ""
        self.message = f"{limit}{outcome.message}".strip()

    def description(self) -> Request:
        return {**super().description(), **({"ExitMessage": self.message} if self.message else {})}

    def summary(self) -> Request:
        messages = {"FailureReason": self.reason, "ExitMessage": self.message}
        return {**super().summary(), **{name: value for name, value in messages.items() if value}}


class ProcessingJobs(Part):
    def __init__(self, cloud: Cloud, jobs: JobLifecycle, runner: JobRunner) -> None:
        self.cloud, self._jobs, self._runner = cloud, jobs, runner

    @operation("CreateProcessingJob")
    def create_processing_job(self, request: Request) -> Request:
        arn = self._jobs.new_arn("Processing", request["ProcessingJobName"])
        session = open_session(self.cloud, request["RoleArn"], arn)
        _check_names(request)
        check_volume_key(request["ProcessingResources"]["ClusterConfig"])
        try:
            instances = processing.instances(request, containers=self._runner.containers)
        except UnsupportedRequest as problem:
            raise Refusal(NOT_IMPLEMENTED, str(problem)) from None
        now = self.cloud.clock.now()
        record = ProcessingRecord(request, arn, now, now, session)
        return self._jobs.start(record, len(instances), lambda: self._runner.run(record, instances))

    @operation("DescribeProcessingJob")
    def describe_processing_job(self, request: Request) -> Request:
        return self._find(request).description()

    @operation("ListProcessingJobs")
    def list_processing_jobs(self, request: Request) -> Request:
        return self._jobs.list("Processing", request)

    @operation("StopProcessingJob")
    def stop_processing_job(self, request: Request) -> None:
        self._jobs.stop(self._find(request))

    @operation("DeleteProcessingJob")
    def delete_processing_job(self, request: Request) -> None:
        self._jobs.delete(self._find(request))

    def _find(self, request: Request) -> JobRecord:
        return self._jobs.find("Processing", request["ProcessingJobName"])


def _check_names(request: Request) -> None:
    inputs = request.get("ProcessingInputs", [])
    outputs = request.get("ProcessingOutputConfig", {}).get("Outputs", [])
    check_unique("Input names", (item["InputName"] for item in inputs))
    check_unique("Output names", (item["OutputName"] for item in outputs))
    paths = [item.get("S3Input", {}).get("LocalPath") for item in inputs]
    check_unique("LocalPaths of inputs", (path for path in paths if path))
