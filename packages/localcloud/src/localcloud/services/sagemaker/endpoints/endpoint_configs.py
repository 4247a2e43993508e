"""Endpoint configs: the variants that an endpoint runs, under a unique name.

Not implemented, and refused: asynchronous inference, shadow variants, inference components, instance pools, managed
instance scaling, explainers, cross-region traffic; models of several containers or in mode
MultiModel. Recorded without an effect: KMS keys, core dumps, volumes, SSM access, metrics settings, VPCs.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from localcloud.core.refusal import not_implemented
from localcloud.core.service import Part, operation
from localcloud.services.sagemaker.endpoints import serverless
from localcloud.services.sagemaker.endpoints.listing import page
from localcloud.services.sagemaker.event_times import in_milliseconds
from localcloud.services.sagemaker.models import Models
from localcloud.services.sagemaker.refusals import invalid
from localcloud.services.sagemaker.tags import Tags

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

Request = dict[str, Any]
EVENT = "SageMaker Endpoint Config State Change"
CAPTURE = "DataCaptureConfig"
NOT_YET = {
    "AsyncInferenceConfig": "Asynchronous inference (AsyncInferenceConfig)",
    "ShadowProductionVariants": "A shadow variant (ShadowProductionVariants)",
    "ExplainerConfig": "An explainer (ExplainerConfig)",
    "CrossRegionTrafficConfig": "Cross-region traffic (CrossRegionTrafficConfig)",
    "ExecutionRoleArn": "An endpoint for inference components (ExecutionRoleArn)",
}
NOT_YET_OF_VARIANTS = {
    "InstancePools": "A variant of several instance types (InstancePools)",
    "ManagedInstanceScaling": "Managed instance scaling (ManagedInstanceScaling)",
}


@dataclass(frozen=True)
class EndpointConfig:
    request: Request
    arn: str
    created: datetime

    @property
    def name(self) -> str:
        return str(self.request["EndpointConfigName"])

    @property
    def variants(self) -> list[Request]:
        variants: list[Request] = self.request["ProductionVariants"]
        return variants

    def summary(self) -> Request:
        return {"EndpointConfigName": self.name, "EndpointConfigArn": self.arn, "CreationTime": self.created}

    def description(self) -> Request:
        members = {name: value for name, value in self.request.items() if name != "Tags"}
        return {**copy.deepcopy(members), "EndpointConfigArn": self.arn, "CreationTime": self.created}


class EndpointConfigs(Part):
    def __init__(self, cloud: Cloud, tags: Tags, models: Models) -> None:
        self.cloud, self._tags, self._models = cloud, tags, models
        self._configs: dict[str, EndpointConfig] = {}  # by name, in the order of their creation
        cloud.access.keys.readers["sagemaker"] = self._volume_key

    def reset(self) -> None:
        self._configs.clear()

    def _volume_key(self, arn: str) -> str:
        config = self._configs.get(arn.rpartition("/")[2])
        return str(config.request.get("KmsKeyId", "")) if config else ""

    @operation("CreateEndpointConfig")
    def create_endpoint_config(self, request: Request) -> Request:
        arn = self._arn(request["EndpointConfigName"])
        if request["EndpointConfigName"] in self._configs:
            raise invalid(f'Cannot create already existing endpoint configuration "{arn}".')
        for name, feature in NOT_YET.items():
            if request.get(name):
                raise not_implemented(feature)
        request = copy.deepcopy(request)
        self._check_variants(request["ProductionVariants"])
        for variant in request["ProductionVariants"]:
            for problem in serverless.problems(variant, request, self._models.find(variant["ModelName"]).request):
                raise invalid(problem)
        if CAPTURE in request:
            request[CAPTURE].setdefault("EnableCapture", True)
        config = EndpointConfig(request, arn, self.cloud.clock.now())
        self._configs[config.name] = config
        self._tags.put(arn, request.get("Tags"))
        self._emit(config)
        return {"EndpointConfigArn": arn}

    @operation("DescribeEndpointConfig")
    def describe_endpoint_config(self, request: Request) -> Request:
        return self.find(request["EndpointConfigName"]).description()

    @operation("ListEndpointConfigs")
    def list_endpoint_configs(self, request: Request) -> Request:
        return page(self._configs.values(), request, "EndpointConfigs")

    @operation("DeleteEndpointConfig")
    def delete_endpoint_config(self, request: Request) -> None:
        """As on AWS, also when an endpoint uses it; the endpoint keeps running."""
        config = self.find(request["EndpointConfigName"])
        del self._configs[config.name]
        self._emit(config)
        self._tags.delete(config.arn)

    def find(self, name: str) -> EndpointConfig:
        if name not in self._configs:
            raise invalid(f'Could not find endpoint configuration "{self._arn(name)}".')
        return self._configs[name]

    def container_of(self, variant: Request) -> Request:
        """The one container that the variant's model runs, as a package or the model itself has it."""
        model = self._models.find(variant["ModelName"])
        containers = self._models.containers_of(model)
        if len(containers) > 1:
            raise not_implemented(f"A model of several containers ({model.name})")
        if containers[0].get("Mode") == "MultiModel":
            raise not_implemented(f"A multi-model endpoint (model {model.name} in mode MultiModel)")
        if "ModelDataUrl" not in containers[0]:
            raise not_implemented(f"A model without ModelDataUrl ({model.name})")
        return containers[0]

    def role_of(self, variant: Request) -> str:
        return self._models.find(variant["ModelName"]).role

    def _check_variants(self, variants: list[Request]) -> None:
        """Also sets their defaults."""
        names = [variant["VariantName"] for variant in variants]
        if duplicates := [name for name in names if names.count(name) > 1]:
            raise invalid(f"Variant names must be unique in an endpoint configuration; given twice: {duplicates[0]}.")
        for variant in variants:
            self._check_variant(variant)
            variant.setdefault("InitialVariantWeight", 1.0)

    def _check_variant(self, variant: Request) -> None:
        for name, feature in NOT_YET_OF_VARIANTS.items():
            if name in variant:
                raise not_implemented(feature)
        if "ModelName" not in variant:
            raise not_implemented("A variant without ModelName, for inference components,")
        for name in () if serverless.is_serverless(variant) else ("InstanceType", "InitialInstanceCount"):
            if name not in variant:
                raise invalid(f"{name} must be given for variant {variant['VariantName']}.")
        self.container_of(variant)

    def _emit(self, config: EndpointConfig) -> None:
        """It was created or is deleted."""
        detail = in_milliseconds({**config.description(), "Tags": self._tags.of(config.arn)})
        self.cloud.emit("aws.sagemaker", EVENT, detail, [config.arn])

    def _arn(self, name: str) -> str:
        return self.cloud.arn("sagemaker", f"endpoint-config/{name}")
