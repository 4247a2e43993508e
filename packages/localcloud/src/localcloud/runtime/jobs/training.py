"""CreateTrainingJob's request as a Job."""

from __future__ import annotations

import json
from typing import Any

from localcloud.runtime.jobs.job import (
    ML,
    NO_ENTRYPOINT,
    Input,
    Job,
    Output,
    UnsupportedRequest,
    check_file_mode,
    checked_name,
    hosts,
    is_manifest,
    mapped_path,
    share,
)

Request = dict[str, Any]
TRAIN = ("train",)  # the argument of an image when the request has neither entrypoint nor arguments


def instances(request: Request, *, containers: bool = False) -> list[Job]:
    """``containers``: they run in images, which may have an entrypoint."""
    resources = request.get("ResourceConfig", {})
    if "InstanceGroups" in resources:
        raise UnsupportedRequest(
            f"{request['TrainingJobName']} asks for instance groups; local jobs have one kind of instance"
        )
    _check_image(request, containers=containers)
    names = hosts(resources.get("InstanceCount"), request["TrainingJobName"])
    return [_job(request, number, names, containers=containers) for number in range(1, len(names) + 1)]


def _job(request: Request, number: int, names: list[str], *, containers: bool) -> Job:
    """Of the instance of that number."""
    name = checked_name(request["TrainingJobName"])
    algorithm = request.get("AlgorithmSpecification", {})
    entrypoint = algorithm.get("ContainerEntrypoint", [])
    channels = request.get("InputDataConfig", [])
    return Job(
        name=name,
        kind="training",
        host=names[number - 1],
        hosts=tuple(names),
        instance_type=request.get("ResourceConfig", {}).get("InstanceType", ""),
        image=algorithm["TrainingImage"],
        image_entrypoint=not entrypoint,
        command=(*entrypoint, *algorithm.get("ContainerArguments", [])) or TRAIN,
        reason_file=f"{ML}/output/failure",
        max_runtime_seconds=request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", 86400),
        environment={"TRAINING_JOB_NAME": name, **request.get("Environment", {})},
        inputs=tuple(_channel(request, channel, number, len(names)) for channel in channels) + _checkpoints_in(request),
        outputs=_outputs(request),
        files=_config(request, channels, names, names[number - 1], containers=containers),
        folders=(f"{ML}/model", f"{ML}/output/data"),
        isolated=request.get("EnableNetworkIsolation", False),
    )


def _check_image(request: Request, *, containers: bool) -> None:
    name, algorithm = request["TrainingJobName"], request.get("AlgorithmSpecification", {})
    if not algorithm.get("TrainingImage"):
        raise UnsupportedRequest(f"{name} names no TrainingImage; local jobs run no algorithm of the marketplace")
    if not containers and not algorithm.get("ContainerEntrypoint"):
        raise UnsupportedRequest(f"{name} {NO_ENTRYPOINT}")


def artifact(request: Request) -> str:
    """The S3 URI of the request's model."""
    return f"{request['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{request['TrainingJobName']}/output/model.tar.gz"


def _channel(request: Request, channel: Request, number: int, count: int) -> Input:
    name = channel["ChannelName"]
    source = channel["DataSource"].get("S3DataSource")
    if source is None:
        raise UnsupportedRequest(f"channel {name} has no S3DataSource; local jobs read S3 only")
    mode = channel.get("InputMode", request["AlgorithmSpecification"].get("TrainingInputMode"))
    check_file_mode(name, mode, channel.get("CompressionType"))
    path = f"{ML}/input/data/{name}"
    return Input(name, source["S3Uri"], path, is_manifest(name, source), share(source, number, count))


def _outputs(request: Request) -> tuple[Output, ...]:
    if request["OutputDataConfig"].get("CompressionType") == "NONE":
        raise UnsupportedRequest(
            f"{request['TrainingJobName']} has CompressionType NONE; local jobs write model.tar.gz: use GZIP"
        )
    model = artifact(request)
    data = Output(
        model.replace("model.tar.gz", "output.tar.gz"), f"{ML}/output/data", even_if_failed=True, archive=True
    )
    outputs = [Output(model, f"{ML}/model", even_if_stopped=True, archive=True), data]
    if checkpoints := request.get("CheckpointConfig"):
        outputs.append(Output(checkpoints["S3Uri"], _checkpoint_path(checkpoints), even_if_failed=True))
    return tuple(outputs)


def _checkpoints_in(request: Request) -> tuple[Input, ...]:
    """A restarted job gets what an interrupted one saved."""
    checkpoints = request.get("CheckpointConfig")
    if not checkpoints:
        return ()
    folder = checkpoints["S3Uri"].rstrip("/") + "/"  # not every key that begins with its name
    return (Input("checkpoints", folder, _checkpoint_path(checkpoints), optional=True),)


def _checkpoint_path(config: Request) -> str:
    return mapped_path("CheckpointConfig", config.get("LocalPath", f"{ML}/checkpoints"))


def _config(
    request: Request, channels: list[Request], names: list[str], host: str, *, containers: bool
) -> dict[str, str]:
    """Isolated containers reach each other by a network of their own; all others by this machine's."""
    own_network = containers and len(names) > 1 and request.get("EnableNetworkIsolation", False)
    content = {
        "hyperparameters": request.get("HyperParameters", {}),
        "inputdataconfig": {c["ChannelName"]: {"TrainingInputMode": "File"} for c in channels},
        "resourceconfig": {
            "current_host": host,
            "hosts": names,
            "current_instance_type": request.get("ResourceConfig", {}).get("InstanceType", "local"),
            "network_interface_name": "eth0" if own_network else "lo",
        },
    }
    return {f"{ML}/input/config/{name}.json": json.dumps(value) for name, value in content.items()}
