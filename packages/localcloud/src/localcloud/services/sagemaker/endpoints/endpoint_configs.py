"""Endpoint configs: what an endpoint is to run, under a name that no second one takes.

Not implemented, and refused: serverless variants, asynchronous inference, shadow variants, inference components,
instance pools, managed instance scaling, explainers, cross-region traffic; models of several containers or in mode
MultiModel. Recorded without an effect: KMS keys, core dumps, volumes, SSM access, metrics settings, VPCs.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from localcloud.core.refusal import Refusal, not_implemented
from localcloud.core.service import operation
from localcloud.services.sagemaker.endpoints import events as announcements
from localcloud.services.sagemaker.endpoints.listing import page
from localcloud.services.sagemaker.endpoints.models import Models

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

Request = dict[str, Any]
CAPTURE = "DataCaptureConfig"
NOT_YET = {
    "AsyncInferenceConfig": "Asynchronous inference (AsyncInferenceConfig)",
    "ShadowProductionVariants": "A shadow variant (ShadowProductionVariants)",
    "ExplainerConfig": "An explainer (ExplainerConfig)",
    "CrossRegionTrafficConfig": "Cross-region traffic (CrossRegionTrafficConfig)",
    "ExecutionRoleArn": "An endpoint for inference components (ExecutionRoleArn)",
}
NOT_YET_OF_VARIANTS = {
    "ServerlessConfig": "A serverless variant (ServerlessConfig)",
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
        told = {name: value for name, value in self.request.items() if name != "Tags"}
        return {**copy.deepcopy(told), "EndpointConfigArn": self.arn, "CreationTime": self.created}


class EndpointConfigs(Models):
    """They name models, so they stand on them."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.endpoint_configs: dict[str, EndpointConfig] = {}  # by name, in the order of their creation

    def reset(self) -> None:
        super().reset()
        self.endpoint_configs.clear()

    @operation("CreateEndpointConfig")
    def create_endpoint_config(self, request: Request) -> Request:
        arn = self._config_arn(request["EndpointConfigName"])
        if request["EndpointConfigName"] in self.endpoint_configs:
            raise invalid(f'Cannot create already existing endpoint configuration "{arn}".')
        for name, what in NOT_YET.items():
            if request.get(name):
                raise not_implemented(what)
        request = copy.deepcopy(request)
        names = [variant["VariantName"] for variant in request["ProductionVariants"]]
        if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
            raise invalid(f"Variant names must be unique in an endpoint configuration; given twice: {twice[0]}.")
        for variant in request["ProductionVariants"]:
            self._check_variant(variant)
            variant.setdefault("InitialVariantWeight", 1.0)
        if CAPTURE in request:
            request[CAPTURE].setdefault("EnableCapture", True)
        config = EndpointConfig(request, arn, self.cloud.clock.now())
        self.endpoint_configs[config.name] = config
        self.tag(arn, request.get("Tags"))
        announcements.config_changed(self.cloud, config, self._tags[arn])
        return {"EndpointConfigArn": arn}

    @operation("DescribeEndpointConfig")
    def describe_endpoint_config(self, request: Request) -> Request:
        return self.find_endpoint_config(request["EndpointConfigName"]).description()

    @operation("ListEndpointConfigs")
    def list_endpoint_configs(self, request: Request) -> Request:
        return page(self.endpoint_configs.values(), request, "EndpointConfigs")

    @operation("DeleteEndpointConfig")
    def delete_endpoint_config(self, request: Request) -> None:
        """AWS lets one go that an endpoint still uses; the endpoint runs on."""
        config = self.find_endpoint_config(request["EndpointConfigName"])
        del self.endpoint_configs[config.name]
        announcements.config_changed(self.cloud, config, self._tags.get(config.arn, {}))
        self.forget_tags(config.arn)

    def find_endpoint_config(self, name: str) -> EndpointConfig:
        if name not in self.endpoint_configs:
            raise invalid(f'Could not find endpoint configuration "{self._config_arn(name)}".')
        return self.endpoint_configs[name]

    def _config_arn(self, name: str) -> str:
        return self.cloud.arn("sagemaker", f"endpoint-config/{name}")

    def _check_variant(self, variant: Request) -> None:
        for name, what in NOT_YET_OF_VARIANTS.items():
            if name in variant:
                raise not_implemented(what)
        if "ModelName" not in variant:
            raise not_implemented("A variant without ModelName, for inference components,")
        for name in ("InstanceType", "InitialInstanceCount"):
            if name not in variant:
                raise invalid(f"{name} must be given for variant {variant['VariantName']}.")
        self.container_of(variant)

    def container_of(self, variant: Request) -> Request:
        """The one container that the variant's model runs, as a package or the model itself has it."""
        model = self.find_model(variant["ModelName"])
        parts = self.model_parts(model)
        if len(parts) > 1:
            raise not_implemented(f"A model of several containers ({model.name})")
        if parts[0].get("Mode") == "MultiModel":
            raise not_implemented(f"A multi-model endpoint (model {model.name} in mode MultiModel)")
        if "ModelDataUrl" not in parts[0]:
            raise not_implemented(f"A model without ModelDataUrl ({model.name})")
        return parts[0]


def invalid(sentence: str) -> Refusal:
    return Refusal("ValidationException", sentence)
