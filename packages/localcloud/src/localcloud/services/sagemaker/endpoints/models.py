"""Models: a container and its artifacts, or a model package, under a name that endpoints and transform jobs use.

Not reproduced: whether the image can be pulled and what the role may do, marketplace packages, several models in one
container, inference recommendations.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.service import operation
from localcloud.services.sagemaker.jobs.input_checks import any_object
from localcloud.services.sagemaker.registry.registry import Registry
from localcloud.services.sagemaker.roles import check_role

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
    def containers(self) -> list[Request]:
        primary = self.request.get("PrimaryContainer")
        containers: list[Request] = [primary] if primary else self.request["Containers"]
        return containers

    def summary(self) -> Request:
        return {"ModelName": self.name, "ModelArn": self.arn, "CreationTime": self.created}

    def description(self) -> Request:
        told = {name: value for name, value in self.request.items() if name != "Tags"}
        isolated = {"EnableNetworkIsolation": False}
        return {**isolated, **copy.deepcopy(told), "ModelArn": self.arn, "CreationTime": self.created}


class Models(Registry):
    """It looks up packages, so it stands on the registry."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.models: dict[str, Model] = {}  # by name, in the order of their creation

    def reset(self) -> None:
        super().reset()
        self.models.clear()

    @operation("CreateModel")
    def create_model(self, request: Request) -> Request:
        arn = self.cloud.arn("sagemaker", f"model/{request['ModelName']}")
        if request["ModelName"] in self.models:
            raise _invalid(f'Cannot create already existing model "{arn}".')
        if bool(request.get("PrimaryContainer")) == bool(request.get("Containers")):
            raise _invalid("Exactly one of PrimaryContainer and Containers must be given.")
        if "ExecutionRoleArn" not in request:
            raise _invalid("ExecutionRoleArn must be given.")
        check_role(self.cloud, request["ExecutionRoleArn"])
        request = copy.deepcopy(request)
        model = Model(request, arn, self.cloud.clock.now())
        for container in model.containers:
            self._check(container)
            container.setdefault("Mode", "SingleModel")
        self.models[model.name] = model
        self.tag(arn, request.get("Tags"))
        self._announce_model(model)
        return {"ModelArn": arn}

    @operation("DescribeModel")
    def describe_model(self, request: Request) -> Request:
        return self.find_model(request["ModelName"]).description()

    @operation("ListModels")
    def list_models(self, request: Request) -> Request:
        after, before = request.get("CreationTimeAfter"), request.get("CreationTimeBefore")
        found = [
            model
            for model in self.models.values()
            if request.get("NameContains", "") in model.name
            and not (after and model.created < after)
            and not (before and model.created >= before)
        ]
        if request.get("SortBy") == "Name":
            found.sort(key=lambda model: model.name)
        if request.get("SortOrder", "Descending") == "Descending":
            found.reverse()
        return paged([model.summary() for model in found], request, "Models")

    @operation("DeleteModel")
    def delete_model(self, request: Request) -> None:
        model = self.find_model(request["ModelName"])
        del self.models[model.name]
        self._announce_model(model)
        self.forget_tags(model.arn)

    def find_model(self, name: str) -> Model:
        if name not in self.models:
            raise _invalid(f'Could not find model "{self.cloud.arn("sagemaker", f"model/{name}")}".')
        return self.models[name]

    def model_parts(self, model: Model) -> list[Request]:
        """Its containers as they run: those of a package stand for it, with the model's own environment over theirs."""
        parts = []
        for container in model.containers:
            if "ModelPackageName" not in container:
                parts.append(container)
                continue
            specification = self.find_package(container["ModelPackageName"]).told["InferenceSpecification"]
            for each in specification["Containers"]:
                environment = each.get("Environment", {}) | container.get("Environment", {})
                parts.append({**each, "Environment": environment})
        return parts

    def _check(self, container: Request) -> None:
        if ("Image" in container) == ("ModelPackageName" in container):
            raise _invalid("A container names either an Image or a ModelPackageName.")
        if "ModelPackageName" in container:
            self._check_package(container["ModelPackageName"])
        uri = container.get("ModelDataUrl") or container.get("ModelDataSource", {}).get("S3DataSource", {}).get("S3Uri")
        if uri and not any_object(self.cloud, uri):
            raise _invalid(f"Could not find model data at {uri}.")

    def _check_package(self, name: str) -> None:
        package = self.find_package(name)
        status = package.told.get("ModelApprovalStatus", "Approved")
        if status != "Approved":
            raise _invalid(f"ModelPackage {package.arn} is {status}: only an Approved model package can be deployed.")
        if "InferenceSpecification" not in package.told:
            raise _invalid(f"ModelPackage {package.arn} has no InferenceSpecification: it cannot be deployed.")

    def _announce_model(self, model: Model) -> None:
        told = {name: value for name, value in model.description().items() if name != "CreationTime"}
        created = int(model.created.timestamp() * 1000)
        detail = {**told, "CreationTime": created, "Tags": dict(self._tags.get(model.arn, {}))}
        self.cloud.emit("aws.sagemaker", EVENT, detail, [model.arn])


def _invalid(sentence: str) -> Refusal:
    return Refusal("ValidationException", sentence)
