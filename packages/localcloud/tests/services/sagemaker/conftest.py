"""Stand-ins beside the pipelines: jobs that end when the test ends them, a registry with versions. Small definitions.

``services = pipelines_alone`` in a test file makes its cloud serve the pipelines with these.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

ROLE = "arn:aws:iam::000000000000:role/churn-dev"
CLUSTER = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 30}


def pipelines_alone_service() -> type:
    from localcloud.core.caller import Caller
    from localcloud.core.refusal import Refusal
    from localcloud.core.service import Part, Service, operation
    from localcloud.services.sagemaker.pipelines.executions import Executions
    from localcloud.services.sagemaker.pipelines.interpreter import Interpreter
    from localcloud.services.sagemaker.pipelines.pipelines import Pipelines
    from localcloud.services.sagemaker.pipelines.records import ExecutionStore
    from localcloud.services.sagemaker.tags import Tags

    class Jobs(Part):
        """``plan(operation, refusal or description)`` makes the next job fail to start, or end at once."""

        def __init__(self, cloud):
            self.cloud = cloud
            self.jobs, self.plans, self.lasting, self.listeners = {}, {}, None, []

        def plan(self, operation_name, *what):
            self.plans.setdefault(operation_name, []).extend(what)

        def _create(self, kind, request):
            name, planned = request[f"{kind}JobName"], self.plans.get(f"Create{kind}Job")
            now = planned.pop(0) if planned else None
            if isinstance(now, Exception):
                raise now
            arn = self.cloud.arn("sagemaker", f"{kind.lower()}-job/{name}")
            self.jobs[name] = {**request, f"{kind}JobArn": arn, f"{kind}JobStatus": "InProgress"}
            if now:
                self.end(name, **now)
            elif self.lasting is not None:
                self.cloud.clock.after(self.lasting, lambda: self.end(name))
            return {f"{kind}JobArn": arn}

        def kind(self, name):
            return next(kind for kind in ("Processing", "Training", "Transform") if f"{kind}JobName" in self.jobs[name])

        def end(self, name, status="Completed", reason="", **members):
            job = self.jobs[name]
            job |= {f"{self.kind(name)}JobStatus": status, **({"FailureReason": reason} if reason else {}), **members}
            with self.cloud.lock:
                for listener in self.listeners:
                    listener(f"{self.kind(name)}Job", name, dict(job))

        def running(self):
            return [n for n, job in self.jobs.items() if job[f"{self.kind(n)}JobStatus"] == "InProgress"]

        def of(self, step):
            """The latest running job of a step, by the name that it got."""
            return [name for name in self.running() if f"-{step}-" in name][-1]

        def finish(self, step, status="Completed", reason="", **members):
            self.end(self.of(step), status, reason, **members)

        @operation("CreateProcessingJob")
        def create_processing_job(self, request):
            return self._create("Processing", request)

        @operation("CreateTrainingJob")
        def create_training_job(self, request):
            return self._create("Training", request)

        @operation("CreateTransformJob")
        def create_transform_job(self, request):
            return self._create("Transform", request)

        @operation("StopProcessingJob")
        def stop_processing_job(self, request):
            self.jobs[request["ProcessingJobName"]]["requested"] = "stop"

        @operation("StopTrainingJob")
        def stop_training_job(self, request):
            self.end(request["TrainingJobName"], "Stopped")  # at once, inside the call

    class Registry(Part):
        def __init__(self, cloud):
            self.cloud, self.groups = cloud, {}

        @operation("DescribeModelPackageGroup")
        def describe_model_package_group(self, request):
            if request["ModelPackageGroupName"] not in self.groups:
                raise Refusal("ValidationException", "ModelPackageGroup does not exist.")

        @operation("CreateModelPackageGroup")
        def create_model_package_group(self, request):
            self.groups[request["ModelPackageGroupName"]] = []

        @operation("CreateModelPackage")
        def create_model_package(self, request):
            if "ModelPackageGroupName" not in request:
                raise Refusal("ValidationException", "This stand-in knows versions of groups only.")
            versions = self.groups[request["ModelPackageGroupName"]]
            name = f"model-package/{request['ModelPackageGroupName']}/{len(versions) + 1}"
            versions.append({**request, "ModelPackageArn": self.cloud.arn("sagemaker", name)})
            return {"ModelPackageArn": versions[-1]["ModelPackageArn"]}

        @operation("DescribeModelPackage")
        def describe_model_package(self, request):
            every = (package for versions in self.groups.values() for package in versions)
            return next(package for package in every if package["ModelPackageArn"] == request["ModelPackageName"])

    class PipelinesAlone(Service):
        name = "sagemaker"

        def __init__(self, cloud):
            super().__init__(cloud)
            tags, store, interpreter = Tags(), ExecutionStore(), Interpreter(cloud, Caller(self))
            pipelines = Pipelines(cloud, tags, store)
            executions = Executions(cloud, tags, pipelines, store, interpreter)
            self.jobs, self.registry = Jobs(cloud), Registry(cloud)
            self.jobs.listeners.append(interpreter.on_job_end)
            self.parts = (tags, self.jobs, self.registry, pipelines, executions)

    return PipelinesAlone


@pytest.fixture
def pipelines_alone() -> list[type]:
    return [pipelines_alone_service()]


class Definitions:
    """Definitions as the SDK compiles them, as short as AWS allows."""

    def processing(self, name: str, *container_arguments: Any, outputs: Any = (), **more: Any) -> dict[str, Any]:
        arguments = {"RoleArn": ROLE, "ProcessingResources": {"ClusterConfig": CLUSTER}}
        arguments["AppSpecification"] = {
            "ImageUri": "image",
            "ContainerArguments": list(container_arguments) or ["run"],
        }
        arguments["ProcessingOutputConfig"] = {"Outputs": [self._output(output) for output in outputs]}
        return {"Name": name, "Type": "Processing", "Arguments": arguments, **more}

    def _output(self, name: str) -> dict[str, Any]:
        place = {
            "Std:Join": {"On": "/", "Values": ["s3://bucket/runs", {"Get": "Execution.PipelineExecutionId"}, name]}
        }
        return {"OutputName": name, "S3Output": {"S3Uri": place, "LocalPath": "/out", "S3UploadMode": "EndOfJob"}}

    def training(self, name: str, **more: Any) -> dict[str, Any]:
        arguments = {
            "RoleArn": ROLE,
            "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
            "OutputDataConfig": {"S3OutputPath": "s3://bucket/models"},
            "ResourceConfig": CLUSTER,
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        }
        return {"Name": name, "Type": "Training", "Arguments": arguments, **more}

    def transform(self, name: str, **more: Any) -> dict[str, Any]:
        arguments = {
            "ModelName": "model",
            "TransformInput": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/in"}}},
            "TransformOutput": {"S3OutputPath": "s3://bucket/out"},
            "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        }
        return {"Name": name, "Type": "Transform", "Arguments": arguments, **more}

    def register(self, name: str, **more: Any) -> dict[str, Any]:
        arguments = {"ModelPackageGroupName": "churn", "ModelApprovalStatus": "PendingManualApproval"}
        return {"Name": name, "Type": "RegisterModel", "Arguments": arguments, **more}

    def fail(self, name: str, message: Any = None, **more: Any) -> dict[str, Any]:
        arguments = {} if message is None else {"ErrorMessage": message}
        return {"Name": name, "Type": "Fail", "Arguments": arguments, **more}

    def condition(
        self, name: str, *conditions: Any, then: Any = (), otherwise: Any = (), **more: Any
    ) -> dict[str, Any]:
        arguments = {"Conditions": list(conditions), "IfSteps": list(then), "ElseSteps": list(otherwise)}
        return {"Name": name, "Type": "Condition", "Arguments": arguments, **more}

    def compare(self, kind: str, left: Any, right: Any) -> dict[str, Any]:
        return {"Type": kind, "LeftValue": left, "RightValue": right}

    def body(self, *steps: Any, parameters: Any = (), **more: Any) -> str:
        definition = {"Version": "2020-12-01", "Metadata": {}, "Parameters": list(parameters), "Steps": list(steps)}
        return json.dumps({**definition, **more})


@pytest.fixture(scope="session")
def make() -> Definitions:
    return Definitions()


class Runs:
    """What tests do with pipelines, over the API."""

    def __init__(self, cloud: Any, client: Any) -> None:
        self.cloud, self.client = cloud, client
        self.service = cloud.services["sagemaker"]

    @property
    def jobs(self) -> Any:
        """The stand-in for jobs."""
        return self.service.jobs

    @property
    def registry(self) -> Any:
        """The stand-in for the registry."""
        return self.service.registry

    def create(self, body: str, name: str = "churn", **more: Any) -> str:
        return self.client.create_pipeline(PipelineName=name, PipelineDefinition=body, RoleArn=ROLE, **more)[
            "PipelineArn"
        ]

    def start(self, body: str | None = None, parameters: Any = None, **more: Any) -> str:
        """With a definition: of a new pipeline, or of the pipeline's next version."""
        if body is not None:
            self.put(body)
        given = [{"Name": name, "Value": value} for name, value in (parameters or {}).items()]
        request = {"PipelineName": "churn", "PipelineParameters": given, **more}
        return self.client.start_pipeline_execution(**request)["PipelineExecutionArn"]

    def put(self, body: str) -> None:
        if self.client.list_pipelines()["PipelineSummaries"]:
            self.client.update_pipeline(PipelineName="churn", PipelineDefinition=body)
        else:
            self.create(body)

    def execution(self, arn: str) -> dict[str, Any]:
        return self.client.describe_pipeline_execution(PipelineExecutionArn=arn)

    def status(self, arn: str) -> str:
        return self.execution(arn)["PipelineExecutionStatus"]

    def steps(self, arn: str) -> dict[str, dict[str, Any]]:
        """In the order of their start."""
        pages = self.client.get_paginator("list_pipeline_execution_steps")
        listed = pages.paginate(PipelineExecutionArn=arn, SortOrder="Ascending")
        return {step["StepName"]: step for page in listed for step in page["PipelineExecutionSteps"]}

    def statuses(self, arn: str) -> dict[str, str]:
        return {name: step["StepStatus"] for name, step in self.steps(arn).items()}

    def events(self, kind: str) -> list[dict[str, Any]]:
        every = self.cloud.events.recent
        return [event for event in every if event["detail-type"].endswith(f"Pipeline {kind} Status Change")]


@pytest.fixture
def runs(cloud: Any, aws: Callable[[str], Any]) -> Runs:
    return Runs(cloud, aws("sagemaker"))


@pytest.fixture
def token() -> Callable[[], str]:
    return lambda: uuid.uuid4().hex


@pytest.fixture
def refused() -> Callable[..., Any]:
    """``with refused("ValidationException", "words"):`` — the code and a part of the message."""
    from contextlib import contextmanager

    from botocore.exceptions import ClientError

    @contextmanager
    def expect(code: str, words: str = "") -> Any:
        with pytest.raises(ClientError) as caught:
            yield
        error = caught.value.response["Error"]
        assert error["Code"] == code, error
        assert words in error["Message"], error

    return expect
