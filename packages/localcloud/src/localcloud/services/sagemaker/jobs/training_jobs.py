"""Training jobs: create, describe, list, stop, delete, and spot interruptions by a fault.

The fault ``{"operation": "spot.churn-train-1"}`` takes the instances of that spot job away, once (or ``times``).
TrainingTimeInSeconds and BillableTimeInSeconds are seconds of this machine; spot has no discount here. A request that
AWS accepts and this machine cannot run is refused as not implemented. Not reproduced:
retry strategies of a job, debugger, profiler, experiments, warm pools.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from localcloud.core.refusal import NOT_IMPLEMENTED, Refusal
from localcloud.core.service import Part, operation
from localcloud.runtime.jobs import training
from localcloud.runtime.jobs.job import Job, Outcome, UnsupportedRequest
from localcloud.services.sagemaker.execution_roles import open_session
from localcloud.services.sagemaker.jobs.input_checks import check_exists, check_unique, check_volume_key
from localcloud.services.sagemaker.jobs.lifecycle import JobLifecycle
from localcloud.services.sagemaker.jobs.log_metrics import LogMetrics
from localcloud.services.sagemaker.jobs.records import INTERRUPT
from localcloud.services.sagemaker.jobs.runner import JobRunner
from localcloud.services.sagemaker.jobs.training_records import TrainingRecord
from localcloud.services.sagemaker.refusals import invalid

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

Request = dict[str, Any]
DEFAULTS = dict.fromkeys(
    ("EnableNetworkIsolation", "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining"), False
)
NAMESPACE = "/aws/sagemaker/TrainingJobs"
Publish = Callable[[str, float], None]  # a metric's name and value


class TrainingJobs(Part):
    def __init__(self, cloud: Cloud, jobs: JobLifecycle, runner: JobRunner) -> None:
        self.cloud, self._jobs, self._runner = cloud, jobs, runner

    @operation("CreateTrainingJob")
    def create_training_job(self, request: Request) -> Request:
        arn = self._jobs.new_arn("Training", request["TrainingJobName"])
        session = open_session(self.cloud, request["RoleArn"], arn)
        _check_limits(request)
        check_volume_key(request["ResourceConfig"])
        channels = request.get("InputDataConfig", [])
        check_unique("Channel names", (channel["ChannelName"] for channel in channels))
        metrics = LogMetrics(request.get("AlgorithmSpecification", {}).get("MetricDefinitions", []))
        try:
            instances = training.instances(request, containers=self._runner.containers)
        except UnsupportedRequest as problem:
            raise Refusal(NOT_IMPLEMENTED, str(problem)) from None
        for channel in channels:
            check_exists(self.cloud, session, channel["DataSource"]["S3DataSource"]["S3Uri"])
        now = self.cloud.clock.now()
        record = TrainingRecord(DEFAULTS | request, arn, now, now, session)
        return self._jobs.start(record, len(instances), lambda: self._train(record, instances, metrics))

    @operation("DescribeTrainingJob")
    def describe_training_job(self, request: Request) -> Request:
        return self._find(request).description()

    @operation("ListTrainingJobs")
    def list_training_jobs(self, request: Request) -> Request:
        return self._jobs.list("Training", request)

    @operation("StopTrainingJob")
    def stop_training_job(self, request: Request) -> None:
        self._jobs.stop(self._find(request))

    @operation("DeleteTrainingJob")
    def delete_training_job(self, request: Request) -> None:
        self._jobs.delete(self._find(request))

    def interrupt(self, name: str) -> bool:
        """Takes the instances of a spot job away (a fault). False when no such job runs, or it is not a spot job."""
        with self.cloud.lock:
            record = self._jobs.get("Training", name)
            spot = record and record.request.get("EnableManagedSpotTraining")
            if not record or not spot or record.status != "InProgress" or not record.started:
                return False
            record.signal = INTERRUPT
            return True

    def _find(self, request: Request) -> TrainingRecord:
        record = self._jobs.get("Training", request["TrainingJobName"])
        if not isinstance(record, TrainingRecord):
            raise invalid("Requested resource not found.")
        return record

    def _train(self, record: TrainingRecord, instances: list[Job], metrics: LogMetrics) -> Outcome:
        """Until the job ends by itself, is stopped, or exceeds its time limit; each interruption restarts it."""
        variables = {"TRAINING_JOB_ARN": record.arn}
        jobs = [replace(job, environment=variables | job.environment) for job in instances]
        while True:
            outcome = self._attempt(record, jobs, metrics)
            record.seconds += outcome.seconds
            with self.cloud.lock:
                if record.signal != INTERRUPT or outcome.status != "Stopped" or outcome.timed_out:
                    return outcome
                self._jobs.enter_phase(record, "Interrupted")
                record.signal = ""
                self._jobs.enter_phase(record, "Restarting")

    def _attempt(self, record: TrainingRecord, jobs: list[Job], metrics: LogMetrics) -> Outcome:
        remaining = _remaining_seconds(record, jobs[0].max_runtime_seconds)
        publish = self._publisher(record)
        hooks = self._runner.hooks(record, lambda line: self._record_metrics(record, metrics, line, publish))
        hooks = replace(hooks, interrupt_requested=lambda: self._interrupt_requested(record))
        return self._runner.run(record, [replace(job, max_runtime_seconds=remaining) for job in jobs], hooks)

    def _interrupt_requested(self, record: TrainingRecord) -> bool:
        faults, spot = self.cloud.faults, record.request["EnableManagedSpotTraining"]
        if spot and not record.signal and faults.active and faults.next_call(f"spot.{record.name}"):
            self.interrupt(record.name)
        return record.signal == INTERRUPT

    def _publisher(self, record: TrainingRecord) -> Publish:
        """Of its metrics to CloudWatch, as far as its role may."""
        try:
            self.cloud.access.authorize(record.session, "cloudwatch", "PutMetricData", {"Namespace": NAMESPACE})
        except Refusal:
            return lambda *_: None
        return lambda name, value: self.cloud.metric(NAMESPACE, name, value, {"TrainingJobName": record.name})

    def _record_metrics(self, record: TrainingRecord, metrics: LogMetrics, line: str, publish: Publish) -> None:
        for name, value in metrics.find(line):
            with self.cloud.lock:
                record.record_metric(name, value, self.cloud.clock.now())
                publish(name, value)


def _remaining_seconds(record: TrainingRecord, longest: float) -> float:
    """Of the job's runtime or, for spot, of its waiting time: whichever ends first."""
    run = longest - record.seconds
    condition = record.request.get("StoppingCondition", {})
    wait: float = condition.get("MaxWaitTimeInSeconds", float("inf")) - (time.monotonic() - record.began)
    record.time_limit = "MaxWaitTimeExceeded" if wait < run else "MaxRuntimeExceeded"
    return max(0.0, min(run, wait))


def _check_limits(request: Request) -> None:
    condition = request.get("StoppingCondition", {})
    spot, wait = request.get("EnableManagedSpotTraining", False), condition.get("MaxWaitTimeInSeconds")
    if spot and (wait is None or wait < condition.get("MaxRuntimeInSeconds", 86400)):
        rule = "It must be present and be greater than or equal to MaxRuntimeInSeconds."
        raise invalid(f"Invalid MaxWaitTimeInSeconds. {rule}")
    if wait is not None and not spot:
        raise invalid("MaxWaitTimeInSeconds can be given only for managed spot training.")
    if "ResourceConfig" not in request or "StoppingCondition" not in request:
        raise invalid("ResourceConfig and StoppingCondition must be given.")
