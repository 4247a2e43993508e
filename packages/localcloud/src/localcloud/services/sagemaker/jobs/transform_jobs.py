"""Transform jobs: create, describe, list, stop.

Not reproduced: more than one instance (the job runs on one), RecordIO and TFRecord, data capture, containers in a
row, images that do not follow SageMaker's inference toolkit (the model's archive brings its handler,
``code/inference.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from localcloud.core.refusal import NOT_IMPLEMENTED, Refusal
from localcloud.core.service import Part, operation
from localcloud.runtime.jobs import batches
from localcloud.runtime.jobs.association import InvalidRequest, association
from localcloud.runtime.jobs.job import UnsupportedRequest
from localcloud.runtime.jobs.transform_parameters import TransformParameters
from localcloud.services.sagemaker.event_times import in_iso
from localcloud.services.sagemaker.execution_roles import open_session
from localcloud.services.sagemaker.jobs.input_checks import check_exists, check_volume_key
from localcloud.services.sagemaker.jobs.lifecycle import JobLifecycle
from localcloud.services.sagemaker.jobs.records import JobRecord
from localcloud.services.sagemaker.jobs.runner import JobRunner
from localcloud.services.sagemaker.jobs.transform import Transform
from localcloud.services.sagemaker.models import Models
from localcloud.services.sagemaker.refusals import invalid

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

Request = dict[str, Any]


@dataclass(eq=False)
class TransformRecord(JobRecord):
    kind: ClassVar[str] = "Transform"
    event: ClassVar[str] = "SageMaker Transform Job State Change"

    def description(self) -> Request:
        description = super().description()
        del description["LastModifiedTime"]  # only its summary has one
        return description

    def event_detail(self, tags: Any) -> Request:
        """Times are text in this one."""
        detail: Request = in_iso({**self.description(), "Tags": dict(tags)})
        return detail


class TransformJobs(Part):
    def __init__(self, cloud: Cloud, jobs: JobLifecycle, runner: JobRunner, models: Models) -> None:
        self.cloud, self._jobs, self._runner, self._models = cloud, jobs, runner, models

    @operation("CreateTransformJob")
    def create_transform_job(self, request: Request) -> Request:
        arn = self._jobs.new_arn("Transform", request["TransformJobName"])
        model = self._models.find(request["ModelName"])
        containers = self._models.containers_of(model)
        try:
            _check(request, containers)
        except UnsupportedRequest as problem:
            raise Refusal(NOT_IMPLEMENTED, str(problem)) from None
        check_volume_key(request["TransformResources"])
        source = request["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
        session = open_session(self.cloud, model.role, arn)
        check_exists(self.cloud, session, source)
        now = self.cloud.clock.now()
        record = TransformRecord(request, arn, now, now, session)
        transform = Transform(self.cloud, self._runner, record, containers[0])
        return self._jobs.start(record, 1, transform.run)

    @operation("DescribeTransformJob")
    def describe_transform_job(self, request: Request) -> Request:
        return self._jobs.find("Transform", request["TransformJobName"]).description()

    @operation("ListTransformJobs")
    def list_transform_jobs(self, request: Request) -> Request:
        return self._jobs.list("Transform", request, default_order="Descending")

    @operation("StopTransformJob")
    def stop_transform_job(self, request: Request) -> None:
        self._jobs.stop(self._jobs.find("Transform", request["TransformJobName"]))


def _check(request: Request, containers: list[Request]) -> None:
    source = request["TransformInput"]
    batches.check_supported(
        source.get("SplitType", "None"),
        source.get("CompressionType", "None"),
        request.get("BatchStrategy", "MultiRecord"),
    )
    try:
        TransformParameters.of(request, {}).check()
    except batches.InvalidInput as problem:
        raise invalid(str(problem)) from None
    try:
        association(request)
    except InvalidRequest as problem:
        raise invalid(str(problem)) from None
    if len(containers) != 1 or "ModelDataUrl" not in containers[0]:
        raise UnsupportedRequest(f"the model {request['ModelName']} is not one container with a ModelDataUrl")
