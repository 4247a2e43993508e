"""What all steps have in common: retries, caching, network, tags, S3 URIs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sagemaker.core.network import NetworkConfig
from sagemaker.core.processing import Processor
from sagemaker.core.shapes import ProcessingInput, ProcessingOutput, ProcessingS3Input, ProcessingS3Output
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join
from sagemaker.mlops.workflow import (
    CacheConfig,
    SageMakerJobExceptionTypeEnum,
    SageMakerJobStepRetryPolicy,
    StepExceptionTypeEnum,
    StepRetryPolicy,
)

from pipelines.parameters import Parameters
from settings.instance_types import has_local_storage
from settings.model import Settings

PROCESSING = "/opt/ml/processing"
CODE = f"{PROCESSING}/input/code"
MESSAGE = "/opt/ml/output/message"  # SageMaker's ExitMessage of a processing job
LIVE_LOGS = {"PYTHONUNBUFFERED": "1"}  # otherwise the last lines of a killed job would be lost in the buffer

SERVICE = StepRetryPolicy(
    [StepExceptionTypeEnum.SERVICE_FAULT, StepExceptionTypeEnum.THROTTLING], interval_seconds=10, max_attempts=5
)
CAPACITY = SageMakerJobStepRetryPolicy(
    failure_reason_types=[SageMakerJobExceptionTypeEnum.INTERNAL_ERROR, SageMakerJobExceptionTypeEnum.CAPACITY_ERROR],
    interval_seconds=60,
    max_attempts=5,  # over half an hour: 1, 2, 4, 8, 16 minutes
)


@dataclass(frozen=True)
class StepContext:
    settings: Settings
    session: Any
    parameters: Parameters
    image: str
    code_uri: str  # of the scripts, with a trailing slash
    code_hash: str

    @property
    def cache(self) -> CacheConfig | None:
        days = self.settings.pipeline.cache_days
        return CacheConfig(enable_caching=True, expire_after=f"P{days}D") if days else None

    @property
    def network(self) -> NetworkConfig | None:
        network = self.settings.network
        if not (network.subnets or network.isolation or network.encrypt_traffic):
            return None
        return NetworkConfig(
            enable_network_isolation=network.isolation,
            encrypt_inter_container_traffic=network.encrypt_traffic or None,
            subnets=list(network.subnets) or None,
            security_group_ids=list(network.security_groups) or None,
        )

    @property
    def kms_key(self) -> str | None:
        return self.settings.network.kms_key_id or None

    def volume_key(self, instance_type: str) -> str | None:
        return None if has_local_storage(instance_type) else self.kms_key

    def run_uri(self, *parts: str) -> Join:
        """A prefix of this execution: runs never overwrite each other."""
        return Join(on="/", values=[f"{self.settings.prefix}/runs", ExecutionVariables.PIPELINE_EXECUTION_ID, *parts])

    def processor(self, script: str, environment: dict[str, Any] | None = None) -> Processor:
        """A plain Processor: ScriptProcessor would address the code by a path of this machine."""
        settings = self.settings
        return Processor(
            role=settings.role_arn,
            image_uri=self.image,
            entrypoint=["python3", f"{CODE}/{script}"],
            instance_count=1,
            instance_type=self.parameters.processing_instance_type,
            volume_size_in_gb=settings.processing.volume_gb,
            max_runtime_in_seconds=settings.processing.max_runtime_seconds,
            volume_kms_key=self.volume_key(settings.processing.instance_type),
            output_kms_key=self.kms_key,
            network_config=self.network,
            env={**LIVE_LOGS, **(environment or {})},
            tags=[{"Key": key, "Value": value} for key, value in settings.tags.items()] or None,
            sagemaker_session=self.session,
        )

    def inputs(self, **uris: Any) -> list[ProcessingInput]:
        """The code and the named inputs, each under /opt/ml/processing/input."""
        return [_input(name, uri) for name, uri in {"code": self.code_uri, **uris}.items()]

    def outputs(self, step: str, *names: str, even_if_failed: tuple[str, ...] = ()) -> list[ProcessingOutput]:
        return [_output(name, self.run_uri(step, name), name in even_if_failed) for name in names]


def input_folder(name: str) -> str:
    return f"{PROCESSING}/input/{name}"


def output_folder(name: str) -> str:
    return f"{PROCESSING}/output/{name}"


def output_uri(step: Any, name: str) -> Any:
    return step.properties.ProcessingOutputConfig.Outputs[name].S3Output.S3Uri


def _input(name: str, uri: Any) -> ProcessingInput:
    source = ProcessingS3Input(s3_uri=uri, local_path=input_folder(name), s3_data_type="S3Prefix", s3_input_mode="File")
    return ProcessingInput(input_name=name, s3_input=source)


def _output(name: str, uri: Any, even_if_failed: bool) -> ProcessingOutput:
    """An output that is uploaded at the end only is lost when the job fails."""
    mode = "Continuous" if even_if_failed else "EndOfJob"
    target = ProcessingS3Output(s3_uri=uri, local_path=output_folder(name), s3_upload_mode=mode)
    return ProcessingOutput(output_name=name, s3_output=target)
