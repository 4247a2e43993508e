"""The SageMaker service: its parts, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from localcloud.core.caller import Caller
from localcloud.core.service import Service
from localcloud.services.cloudwatch.service import CloudWatch
from localcloud.services.sagemaker.endpoints.endpoint_configs import EndpointConfigs
from localcloud.services.sagemaker.endpoints.endpoints import Endpoints
from localcloud.services.sagemaker.hosting.fleet_registry import FleetRegistry
from localcloud.services.sagemaker.jobs.lifecycle import JobLifecycle
from localcloud.services.sagemaker.jobs.processing_jobs import ProcessingJobs
from localcloud.services.sagemaker.jobs.runner import JobRunner
from localcloud.services.sagemaker.jobs.training_jobs import TrainingJobs
from localcloud.services.sagemaker.jobs.transform_jobs import TransformJobs
from localcloud.services.sagemaker.models import Models
from localcloud.services.sagemaker.pipelines.executions import Executions
from localcloud.services.sagemaker.pipelines.interpreter import Interpreter
from localcloud.services.sagemaker.pipelines.pipelines import Pipelines
from localcloud.services.sagemaker.pipelines.records import ExecutionStore
from localcloud.services.sagemaker.registry.model_package_groups import ModelPackageGroups
from localcloud.services.sagemaker.registry.model_packages import ModelPackages
from localcloud.services.sagemaker.tags import Tags

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud


class SageMaker(Service):
    name: ClassVar[str] = "sagemaker"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.tags = tags = Tags()

        groups = ModelPackageGroups(cloud, tags)
        packages = ModelPackages(cloud, tags, groups)
        models = Models(cloud, tags, packages)

        self.jobs = JobLifecycle(cloud, tags)
        self.job_runner = JobRunner(cloud, self.jobs)
        processing_jobs = ProcessingJobs(cloud, self.jobs, self.job_runner)
        self.training_jobs = TrainingJobs(cloud, self.jobs, self.job_runner)
        transform_jobs = TransformJobs(cloud, self.jobs, self.job_runner, models)

        self.fleets = FleetRegistry(cloud.folder / "endpoints")
        configs = EndpointConfigs(cloud, tags, models)
        self.endpoints = Endpoints(cloud, tags, configs, self.fleets)

        store, interpreter = ExecutionStore(), Interpreter(cloud, Caller(self))
        pipelines = Pipelines(cloud, tags, store)
        executions = Executions(cloud, tags, pipelines, store, interpreter)
        self.jobs.on_end(interpreter.on_job_end)

        self.parts = (
            *(tags, groups, packages, models),
            *(self.jobs, processing_jobs, self.training_jobs, transform_jobs),
            *(self.fleets, configs, self.endpoints),
            *(pipelines, executions),
        )

    def connect(self) -> None:
        """A DeploymentConfig names alarms of CloudWatch."""
        if CloudWatch.name in self.cloud.services:
            alarms = self.cloud.service(CloudWatch).alarms
            self.endpoints.lifecycle.alarm_states = lambda: {name: alarm.state.value for name, alarm in alarms.items()}
