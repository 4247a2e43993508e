"""Register: a model package that can be deployed and used for batch transforms, with what its approval needs."""

from __future__ import annotations

import re
from typing import Any

from sagemaker.core.drift_check_baselines import DriftCheckBaselines
from sagemaker.core.model_metrics import MetricsSource, ModelMetrics
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join
from sagemaker.mlops.workflow import ModelStep
from sagemaker.serve.model_builder import ModelBuilder

from pipelines.steps.common import SERVICE, StepContext, output_uri
from pipelines.steps.evaluate import OUTPUT, archive_hash
from settings.errors import SettingsProblem
from settings.model import Settings

NAME = "Register"
METADATA = r"[\w .:/=+\-@]{1,256}"
CONTENT_TYPES = ["text/csv", "application/json", "application/jsonlines", "application/x-parquet"]
# Offered in addition to the type in the settings; transforms support fewer types than endpoints.
INSTANCES = ["ml.m5.large", "ml.m5.xlarge", "ml.m5.2xlarge", "ml.c5.xlarge", "ml.c5.2xlarge", "ml.c5.4xlarge"]


def register(context: StepContext, preprocess_step: Any, train_step: Any, evaluate_step: Any) -> ModelStep:
    """No job retries: registering is a call. No tags: a package has those of its group."""
    settings = context.settings
    builder = ModelBuilder(
        image_uri=context.image,
        s3_model_data_url=train_step.properties.ModelArtifacts.S3ModelArtifacts,
        role_arn=settings.role_arn,
        env_vars=serving_environment(settings),
        sagemaker_session=context.session,
    )
    return ModelStep(
        name=NAME,
        step_args=builder.register(
            model_package_group_name=settings.project.group,
            approval_status="PendingManualApproval",  # the roles are denied any other
            content_types=CONTENT_TYPES,
            response_types=CONTENT_TYPES,
            inference_instances=sorted({*INSTANCES, settings.serving.instance_type}),
            transform_instances=INSTANCES,
            model_metrics=ModelMetrics(
                model_statistics=_file(evaluate_step, OUTPUT, "evaluation.json"), **_baseline(preprocess_step)
            ),
            drift_check_baselines=DriftCheckBaselines(
                model_statistics=_file(evaluate_step, OUTPUT, "evaluation.json"), **_baseline(preprocess_step)
            ),
            customer_metadata_properties=_metadata(context, preprocess_step, evaluate_step),
        ),
        retry_policies=[SERVICE],
    )


def serving_environment(settings: Settings) -> dict[str, str]:
    """train.py puts the handler into the model's ``code`` folder, so nothing is repacked."""
    return {
        "SAGEMAKER_PROGRAM": "inference.py",
        "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
        "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "*/*",  # the handler returns CSV for CSV; the toolkit's default is JSON
        # The image installs the code folder with pip at each start, and pip would fetch build tools from a package
        # index, which an isolated model or a closed network has not. pip inverts the value: 0 turns isolation off.
        "PIP_NO_BUILD_ISOLATION": "0",
        "MAX_PAYLOAD_BYTES": str(settings.serving.max_payload_bytes),
    }


def _baseline(preprocess_step: Any) -> dict[str, MetricsSource]:
    return {
        "model_data_statistics": _file(preprocess_step, "baseline", "statistics.json"),
        "model_data_constraints": _file(preprocess_step, "baseline", "constraints.json"),
    }


def _file(step: Any, output: str, name: str) -> MetricsSource:
    return MetricsSource(content_type="application/json", s3_uri=_uri(step, output, name))


def _uri(step: Any, output: str, name: str) -> Join:
    return Join(on="/", values=[output_uri(step, output), name])


def _metadata(context: StepContext, preprocess_step: Any, evaluate_step: Any) -> dict[str, Any]:
    """Origin and report of the model. AWS validates these last, after hours of training; so they are checked here."""
    if not re.fullmatch(METADATA, context.settings.data_uri):
        rule = "the metadata of a model package allows at most 256 letters, digits and _ . : / = + - @"
        raise SettingsProblem(f"data.uri = {context.settings.data_uri!r}: {rule}")
    return {
        "problem": context.settings.problem.type,
        "metric": context.settings.quality_gate.metric,
        "git_commit": context.parameters.git_commit,
        "code_hash": context.code_hash,
        "model_sha256": archive_hash(),
        "data_uri": context.parameters.data_uri,
        "data_version": context.parameters.data_version,
        "pipeline_execution": ExecutionVariables.PIPELINE_EXECUTION_ARN,
        "report_uri": _uri(evaluate_step, OUTPUT, "report.html"),
        "sample_requests": _uri(preprocess_step, "features", "sample.csv"),
        "sample_answers": _uri(evaluate_step, OUTPUT, "sample_answers.json"),
    }
