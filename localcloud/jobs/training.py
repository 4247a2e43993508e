"""CreateTrainingJob's request as a Job."""

from __future__ import annotations

import json
from typing import Any

from localcloud.jobs.job import ML, Input, Job, Output, Refused, data_source, one_instance, safe_name


def job(request: dict[str, Any]) -> Job:
    name = safe_name(request["TrainingJobName"])
    one_instance(request["ResourceConfig"].get("InstanceCount"), name)
    algorithm = request["AlgorithmSpecification"]
    if not algorithm.get("ContainerEntrypoint"):
        raise Refused(f"{name} names no ContainerEntrypoint; local jobs do not know the image's own")
    channels = request.get("InputDataConfig", [])
    return Job(
        name=name,
        kind="training",
        image=algorithm["TrainingImage"],
        command=(*algorithm["ContainerEntrypoint"], *algorithm.get("ContainerArguments", [])),
        reason_file=f"{ML}/output/failure",
        max_runtime_seconds=request["StoppingCondition"].get("MaxRuntimeInSeconds", 86400),
        environment={"TRAINING_JOB_NAME": name, **request.get("Environment", {})},
        inputs=tuple(_channel(channel) for channel in channels) + _checkpoints_in(request),
        outputs=_outputs(request),
        files=_config(request, channels),
        folders=(f"{ML}/model", f"{ML}/output/data"),
        isolated=request.get("EnableNetworkIsolation", False),
    )


def artifact(request: dict[str, Any]) -> str:
    """Where the model of this request ends up."""
    return f"{request['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{request['TrainingJobName']}/output/model.tar.gz"


def _channel(channel: dict[str, Any]) -> Input:
    name = channel["ChannelName"]
    source = channel["DataSource"].get("S3DataSource")
    if source is None:
        raise Refused(f"channel {name} has no S3DataSource; local jobs read S3 only")
    return Input(name, data_source(name, source), f"{ML}/input/data/{name}")


def _outputs(request: dict[str, Any]) -> tuple[Output, ...]:
    model = artifact(request)
    data = Output(
        model.replace("model.tar.gz", "output.tar.gz"), f"{ML}/output/data", even_if_failed=True, archive=True
    )
    outputs = [Output(model, f"{ML}/model", archive=True), data]
    if checkpoints := request.get("CheckpointConfig"):
        outputs.append(Output(checkpoints["S3Uri"], _checkpoint_path(checkpoints), even_if_failed=True))
    return tuple(outputs)


def _checkpoints_in(request: dict[str, Any]) -> tuple[Input, ...]:
    """A restarted job finds what an interrupted one saved."""
    checkpoints = request.get("CheckpointConfig")
    return (Input("checkpoints", checkpoints["S3Uri"], _checkpoint_path(checkpoints)),) if checkpoints else ()


def _checkpoint_path(config: dict[str, Any]) -> str:
    path: str = config.get("LocalPath", f"{ML}/checkpoints")
    return path


def _config(request: dict[str, Any], channels: list[dict[str, Any]]) -> dict[str, str]:
    content = {
        "hyperparameters": request.get("HyperParameters", {}),
        "inputdataconfig": {c["ChannelName"]: {"TrainingInputMode": "File"} for c in channels},
        "resourceconfig": {
            "current_host": "algo-1",
            "hosts": ["algo-1"],
            "current_instance_type": request["ResourceConfig"].get("InstanceType", "local"),
            "network_interface_name": "lo",
        },
    }
    return {f"{ML}/input/config/{name}.json": json.dumps(value) for name, value in content.items()}
