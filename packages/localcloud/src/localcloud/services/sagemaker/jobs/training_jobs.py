"""Training jobs: create, describe, list, stop, delete, and spot interruptions on request.

The fault ``{"operation": "spot.churn-train-1"}`` takes the instances of that spot job away, once (or ``times``).
TrainingTimeInSeconds and BillableTimeInSeconds are seconds of this machine; spot has no discount here. A request that
AWS would take and this machine cannot run is refused as not implemented. Not reproduced: what the role may do,
retry strategies of a job, debugger, profiler, experiments, warm pools.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from localcloud.core.refusal import NOT_IMPLEMENTED, Refusal
from localcloud.core.service import operation
from localcloud.runtime.jobs import training
from localcloud.runtime.jobs.job import Job, Outcome, Refused
from localcloud.runtime.jobs.runner import run_all
from localcloud.services.sagemaker.jobs.input_checks import check_once, check_there
from localcloud.services.sagemaker.jobs.job_part import JobPart
from localcloud.services.sagemaker.jobs.log_metrics import LogMetrics
from localcloud.services.sagemaker.jobs.records import INTERRUPT
from localcloud.services.sagemaker.jobs.training_records import TrainingRecord
from localcloud.services.sagemaker.roles import check_role

Request = dict[str, Any]
UNLESS_GIVEN = dict.fromkeys(
    ("EnableNetworkIsolation", "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining"), False
)
NAMESPACE = "/aws/sagemaker/TrainingJobs"


class TrainingJobs(JobPart):
    @operation("CreateTrainingJob")
    def create_training_job(self, request: Request) -> Request:
        arn = self.check_new_job("Training", request["TrainingJobName"])
        check_role(self.cloud, request["RoleArn"])
        _check_limits(request)
        channels = request.get("InputDataConfig", [])
        check_once("Channel names", (channel["ChannelName"] for channel in channels))
        metrics = LogMetrics(request.get("AlgorithmSpecification", {}).get("MetricDefinitions", []))
        try:
            instances = training.instances(request)
        except Refused as refused:
            raise Refusal(NOT_IMPLEMENTED, str(refused)) from None
        for channel in channels:
            check_there(self.cloud, channel["DataSource"]["S3DataSource"]["S3Uri"], request["RoleArn"])
        now = self.cloud.clock.now()
        record = TrainingRecord(UNLESS_GIVEN | request, arn, now, now)
        return self.start_job(record, len(instances), lambda: self._train(record, instances, metrics))

    @operation("DescribeTrainingJob")
    def describe_training_job(self, request: Request) -> Request:
        return self._find(request).description()

    @operation("ListTrainingJobs")
    def list_training_jobs(self, request: Request) -> Request:
        return self.list_jobs("Training", request)

    @operation("StopTrainingJob")
    def stop_training_job(self, request: Request) -> None:
        self._find(request)
        self.stop_job("Training", request["TrainingJobName"])

    @operation("DeleteTrainingJob")
    def delete_training_job(self, request: Request) -> None:
        self._find(request)
        self.delete_job("Training", request["TrainingJobName"])

    def interrupt_training_job(self, name: str) -> bool:
        """A fault: its spot instances are taken away. False when no such job runs, or it is no spot job."""
        with self.cloud.lock:
            record = self.job_records.get(("Training", name))
            spot = record and record.request.get("EnableManagedSpotTraining")
            if not record or not spot or record.status != "InProgress" or not record.started:
                return False
            record.wanted = INTERRUPT
            return True

    def _find(self, request: Request) -> TrainingRecord:
        record = self.job_records.get(("Training", request["TrainingJobName"]))
        if not isinstance(record, TrainingRecord):
            raise Refusal("ValidationException", "Requested resource not found.")
        return record

    def _train(self, record: TrainingRecord, instances: list[Job], metrics: LogMetrics) -> Outcome:
        """Until it ends by itself, is stopped, or has used up its time; each interruption begins it anew."""
        variables = {"TRAINING_JOB_ARN": record.arn}
        jobs = [replace(job, environment=variables | job.environment) for job in instances]
        while True:
            outcome = self._attempt(record, jobs, metrics)
            record.seconds += outcome.seconds
            with self.cloud.lock:
                if record.wanted != INTERRUPT or outcome.status != "Stopped" or outcome.timed_out:
                    return outcome
                self.enter_phase(record, "Interrupted")
                record.wanted = ""
                self.enter_phase(record, "Restarting")

    def _attempt(self, record: TrainingRecord, jobs: list[Job], metrics: LogMetrics) -> Outcome:
        left = self._time_left(record, jobs[0].max_runtime_seconds)
        with self.job_folders(record, len(jobs)) as folders:
            return run_all(
                [replace(job, max_runtime_seconds=left) for job in jobs],
                folders,
                self.job_store(),
                prepare=self.job_runtime(),
                watch=replace(
                    self.job_watch(record, lambda line: self._measure(record, metrics, line)),
                    interrupted=lambda: self._interrupted(record),
                ),
                grace_seconds=self.grace_seconds,
            )

    def _interrupted(self, record: TrainingRecord) -> bool:
        faults, spot = self.cloud.faults, record.request["EnableManagedSpotTraining"]
        if spot and not record.wanted and faults.active and faults.next_call(f"spot.{record.name}"):
            self.interrupt_training_job(record.name)
        return record.wanted == INTERRUPT

    def _time_left(self, record: TrainingRecord, longest: float) -> float:
        run = longest - record.seconds
        condition = record.request.get("StoppingCondition", {})
        wait: float = condition.get("MaxWaitTimeInSeconds", float("inf")) - (time.monotonic() - record.born)
        record.no_time_left = "MaxWaitTimeExceeded" if wait < run else "MaxRuntimeExceeded"
        return max(0.0, min(run, wait))

    def _measure(self, record: TrainingRecord, metrics: LogMetrics, line: str) -> None:
        for name, value in metrics.of(line):
            with self.cloud.lock:
                record.measured(name, value, self.cloud.clock.now())
                self.cloud.metric(NAMESPACE, name, value, {"TrainingJobName": record.name})


def _check_limits(request: Request) -> None:
    condition = request.get("StoppingCondition", {})
    spot, wait = request.get("EnableManagedSpotTraining", False), condition.get("MaxWaitTimeInSeconds")
    if spot and (wait is None or wait < condition.get("MaxRuntimeInSeconds", 86400)):
        sentence = "must be present and be greater than or equal to MaxRuntimeInSeconds."
        raise Refusal("ValidationException", f"Invalid MaxWaitTimeInSeconds. It {sentence}")
    if wait is not None and not spot:
        raise Refusal("ValidationException", "MaxWaitTimeInSeconds can be given only for managed spot training.")
    if "ResourceConfig" not in request or "StoppingCondition" not in request:
        raise Refusal("ValidationException", "ResourceConfig and StoppingCondition must be given.")
