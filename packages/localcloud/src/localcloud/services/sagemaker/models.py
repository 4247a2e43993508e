"""Models: a container and its artifacts, or a model package, under a name that endpoints and transform jobs use.

Not reproduced: marketplace packages, several models in one container, inference recommendations.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from localcloud.core.access.principal import Principal
from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.service import Part, operation
from localcloud.services.sagemaker.event_times import in_milliseconds
from localcloud.services.sagemaker.execution_roles import SERVICE, hosting_source, open_session
from localcloud.services.sagemaker.image_registry import check_image
from localcloud.services.sagemaker.refusals import invalid
from localcloud.services.sagemaker.registry.model_packages import ModelPackages
from localcloud.services.sagemaker.s3_objects import any_object
from localcloud.services.sagemaker.tags import Tags

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

Request = dict[str, Any]
EVENT = "SageMaker Model State Change"


@dataclass(frozen=True)
class Model:
    request: Request
    arn: str
    created: datetime

    @property
    def name(self) -> str:
        name: str = self.request["ModelName"]
        return name

    @property
    def role(self) -> str:
        role: str = self.request["ExecutionRoleArn"]
        return role

    @property
    def containers(self) -> list[Request]:
        primary = self.request.get("PrimaryContainer")
        containers: list[Request] = [primary] if primary else self.request["Containers"]
        return containers

    @property
    def isolated(self) -> bool:
        return bool(self.request.get("EnableNetworkIsolation"))

    def summary(self) -> Request:
        return {"ModelName": self.name, "ModelArn": self.arn, "CreationTime": self.created}

    def description(self) -> Request:
        members = {name: value for name, value in self.request.items() if name != "Tags"}
        defaults = {"EnableNetworkIsolation": False}
        return {**defaults, **copy.deepcopy(members), "ModelArn": self.arn, "CreationTime": self.created}


def _isolate(container: Request) -> Request:
    """As its instances take it. It reaches no package index; pip knows this from a variable."""
    environment = {**container.get("Environment", {}), "PIP_NO_INDEX": "1"}
    return {**container, "Environment": environment, "EnableNetworkIsolation": True}


class Models(Part):
    def __init__(self, cloud: Cloud, tags: Tags, packages: ModelPackages) -> None:
        self.cloud, self._tags, self._packages = cloud, tags, packages
        self._models: dict[str, Model] = {}  # by name, in the order of their creation

    def reset(self) -> None:
        self._models.clear()

    @operation("CreateModel")
    def create_model(self, request: Request) -> Request:
        arn = self._arn(request["ModelName"])
        if request["ModelName"] in self._models:
            raise invalid(f'Cannot create already existing model "{arn}".')
        if bool(request.get("PrimaryContainer")) == bool(request.get("Containers")):
            raise invalid("Exactly one of PrimaryContainer and Containers must be given.")
        if "ExecutionRoleArn" not in request:
            raise invalid("ExecutionRoleArn must be given.")
        session = open_session(self.cloud, request["ExecutionRoleArn"], hosting_source(self.cloud))
        model = Model(copy.deepcopy(request), arn, self.cloud.clock.now())
        for container in model.containers:
            self._check(container, session)
            container.setdefault("Mode", "SingleModel")
        self._models[model.name] = model
        self._tags.put(arn, request.get("Tags"))
        self._emit(model)
        return {"ModelArn": arn}

    @operation("DescribeModel")
    def describe_model(self, request: Request) -> Request:
        return self.find(request["ModelName"]).description()

    @operation("ListModels")
    def list_models(self, request: Request) -> Request:
        after, before = request.get("CreationTimeAfter"), request.get("CreationTimeBefore")
        models = [
            model
            for model in self._models.values()
            if request.get("NameContains", "") in model.name
            and not (after and model.created < after)
            and not (before and model.created >= before)
        ]
        if request.get("SortBy") == "Name":
            models.sort(key=lambda model: model.name)
        if request.get("SortOrder", "Descending") == "Descending":
            models.reverse()
        return paged([model.summary() for model in models], request, "Models")

    @operation("DeleteModel")
    def delete_model(self, request: Request) -> None:
        model = self.find(request["ModelName"])
        del self._models[model.name]
        self._emit(model)
        self._tags.delete(model.arn)

    def find(self, name: str) -> Model:
        if name not in self._models:
            raise invalid(f'Could not find model "{self._arn(name)}".')
        return self._models[name]

    def containers_of(self, model: Model) -> list[Request]:
        """A container that names a package is replaced by the package's, with its own environment over theirs."""
        containers = [each for container in model.containers for each in self._containers_of(container)]
        return [_isolate(container) for container in containers] if model.isolated else containers

    def _containers_of(self, container: Request) -> list[Request]:
        if "ModelPackageName" not in container:
            return [container]
        package = self._packages.find(container["ModelPackageName"])
        return [
            {**each, "Environment": each.get("Environment", {}) | container.get("Environment", {})}
            for each in package.members["InferenceSpecification"]["Containers"]
        ]

    def _check(self, container: Request, session: Principal) -> None:
        if ("Image" in container) == ("ModelPackageName" in container):
            raise invalid("A container names either an Image or a ModelPackageName.")
        if "ModelPackageName" in container:
            self._check_package(container["ModelPackageName"])
        for each in self._containers_of(container):
            check_image(self.cloud, each["Image"])
        uri = container.get("ModelDataUrl") or container.get("ModelDataSource", {}).get("S3DataSource", {}).get("S3Uri")
        if uri:
            self._check_data(uri, session)

    def _check_data(self, uri: str, session: Principal) -> None:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        try:
            self.cloud.access.authorize(session, "s3", "GetObject", {"Bucket": bucket, "Key": key})
        except Refusal:
            raise invalid(
                f'Could not access model data at {uri}. Please ensure that the role "{session.role_arn}" exists and '
                'that its trust relationship policy allows the action "sts:AssumeRole" for the service principal '
                f'"{SERVICE}". Also ensure that the role has "s3:GetObject" permissions and that the object is '
                f"located in {self.cloud.region}."
            ) from None
        if not any_object(self.cloud, uri):
            raise invalid(f"Could not find model data at {uri}.")

    def _check_package(self, name: str) -> None:
        package = self._packages.find(name)
        status = package.members.get("ModelApprovalStatus", "Approved")
        if status != "Approved":
            raise invalid(f"ModelPackage {package.arn} is {status}: only an Approved model package can be deployed.")
        if "InferenceSpecification" not in package.members:
            raise invalid(f"ModelPackage {package.arn} has no InferenceSpecification: it cannot be deployed.")

    def _emit(self, model: Model) -> None:
        detail = in_milliseconds({**model.description(), "Tags": self._tags.of(model.arn)})
        self.cloud.emit("aws.sagemaker", EVENT, detail, [model.arn])

    def _arn(self, name: str) -> str:
        return self.cloud.arn("sagemaker", f"model/{name}")
