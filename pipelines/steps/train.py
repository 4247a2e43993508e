"""Train: XGBoost on the preprocessed sides, on spot instances where the settings say so, resuming from checkpoints."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sagemaker.core.training.configs import (
    CheckpointConfig,
    Compute,
    InputData,
    MetricDefinition,
    Networking,
    OutputDataConfig,
    SourceCode,
    StoppingCondition,
    Tag,
)
from sagemaker.core.workflow.functions import Join
from sagemaker.mlops.workflow import TrainingStep
from sagemaker.train import ModelTrainer

from pipelines.steps.common import CAPACITY, LIVE_LOGS, SERVICE, StepContext, output_uri
from settings.errors import SettingsProblem
from settings.model import Settings
from settings.pipeline import Hyperparameters

NAME = "Train"
CHANNELS = ("train", "validation", "features")
CHECKPOINTS = "/opt/ml/checkpoints"
METRICS = {"binary": ("logloss", "auc"), "multiclass": ("mlogloss", "merror"), "regression": ("rmse", "mae")}


def train(context: StepContext, preprocess_step: Any) -> TrainingStep:
    """Cached by image, inputs, hyperparameters, environment and checkpoint place. The inputs are the outputs of a
    Preprocess job: those of an earlier run, where that step was cached."""
    settings = context.settings
    channels = [InputData(channel_name=name, data_source=output_uri(preprocess_step, name)) for name in CHANNELS]
    trainer = ModelTrainer(
        training_image=context.image,
        role=settings.role_arn,
        base_job_name="train",
        source_code=SourceCode(source_dir=context.code_uri, entry_script="train.py"),
        compute=_compute(context),
        networking=_networking(settings),
        stopping_condition=_stopping(settings),
        input_data_config=channels,
        output_data_config=OutputDataConfig(s3_output_path=context.run_uri("train"), kms_key_id=context.kms_key),
        checkpoint_config=CheckpointConfig(s3_uri=_checkpoints(context, preprocess_step), local_path=CHECKPOINTS),
        hyperparameters=hyperparameters(settings),
        environment=LIVE_LOGS,
        tags=[Tag(key=key, value=value) for key, value in settings.tags.items()] or None,
        sagemaker_session=context.session,
    ).with_metric_definitions(metric_definitions(settings.problem.type))
    return TrainingStep(
        name=NAME, step_args=trainer.train(), cache_config=context.cache, retry_policies=[SERVICE, CAPACITY]
    )


def hyperparameters(settings: Settings) -> dict[str, str]:
    values = {name: getattr(settings.training, name) for name in Hyperparameters.model_fields}
    for name, value in values.items():
        if "'" in str(value):
            reason = "an apostrophe breaks the start script of SageMaker's jobs; remove it"
            raise SettingsProblem(f"training.{name} = {value!r}: {reason}")
    return {name.replace("_", "-"): str(value) for name, value in values.items()} | {"checkpoints": CHECKPOINTS}


def metric_definitions(problem: str) -> list[MetricDefinition]:
    """What SageMaker reads from the log, round by round."""
    names = [f"{side}-{metric}" for side in ("train", "validation") for metric in METRICS[problem]]
    return [MetricDefinition(name=name, regex=f"{name}:([0-9.eE+-]+)") for name in names]


def _checkpoints(context: StepContext, preprocess_step: Any) -> Join:
    """One place for one training: the same data, code, image and hyperparameters. An execution's ID would not do: the
    place is part of the step's cache key, so Train would never be cached, and a new run could not resume a lost one."""
    training = json.dumps([context.image, context.code_hash, hyperparameters(context.settings)], sort_keys=True)
    name = hashlib.sha256(training.encode()).hexdigest()[:20]
    place = f"{context.settings.prefix}/checkpoints"
    return Join(on="/", values=[place, preprocess_step.properties.ProcessingJobName, name])


def _compute(context: StepContext) -> Compute:
    return Compute(
        instance_type=context.parameters.training_instance_type,
        instance_count=1,
        volume_size_in_gb=context.settings.training.volume_gb,
        volume_kms_key_id=context.volume_key(context.settings.training.instance_type),
        enable_managed_spot_training=context.settings.training.spot or None,
    )


def _stopping(settings: Settings) -> StoppingCondition:
    training = settings.training
    if not training.spot:
        return StoppingCondition(max_runtime_in_seconds=training.max_runtime_seconds)
    return StoppingCondition(
        max_runtime_in_seconds=training.max_runtime_seconds, max_wait_time_in_seconds=training.max_wait_seconds
    )


def _networking(settings: Settings) -> Networking | None:
    network = settings.network
    if not (network.subnets or network.isolation or network.encrypt_traffic):
        return None
    return Networking(
        subnets=list(network.subnets) or None,
        security_group_ids=list(network.security_groups) or None,
        enable_network_isolation=network.isolation or None,
        enable_inter_container_traffic_encryption=network.encrypt_traffic or None,
    )
