"""CreateProcessingJob's request as a Job."""

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


def instances(request: dict[str, Any], *, containers: bool = False) -> list[Job]:
    """``containers``: they run in images, which may have an entrypoint."""
    count = request["ProcessingResources"]["ClusterConfig"].get("InstanceCount")
    names = hosts(count, request["ProcessingJobName"])
    if not containers and not request["AppSpecification"].get("ContainerEntrypoint"):
        name = checked_name(request["ProcessingJobName"])
        raise UnsupportedRequest(f"{name} {NO_ENTRYPOINT}")
    return [_job(request, number, names) for number in range(1, len(names) + 1)]


def _job(request: dict[str, Any], number: int, names: list[str]) -> Job:
    """Of the instance of that number."""
    name, host = checked_name(request["ProcessingJobName"]), names[number - 1]
    application = request["AppSpecification"]
    outputs = tuple(_output(item) for item in request.get("ProcessingOutputConfig", {}).get("Outputs", []))
    return Job(
        name=name,
        kind="processing",
        host=host,
        hosts=tuple(names),
        instance_type=request["ProcessingResources"]["ClusterConfig"].get("InstanceType", ""),
        image=application["ImageUri"],
        image_entrypoint=not application.get("ContainerEntrypoint"),
        command=(*application.get("ContainerEntrypoint", []), *application.get("ContainerArguments", [])),
        reason_file=f"{ML}/output/message",
        max_runtime_seconds=request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", 86400),
        environment=request.get("Environment", {}),
        inputs=tuple(_input(item, number, len(names)) for item in request.get("ProcessingInputs", [])),
        outputs=outputs,
        files={
            f"{ML}/config/processingjobconfig.json": json.dumps(request, default=str),
            f"{ML}/config/resourceconfig.json": json.dumps({"current_host": host, "hosts": names}),
        },
        folders=(f"{ML}/output", *(output.path for output in outputs)),
        isolated=request.get("NetworkConfig", {}).get("EnableNetworkIsolation", False),
    )


def _input(item: dict[str, Any], number: int, count: int) -> Input:
    name, source = item["InputName"], item.get("S3Input")
    if source is None:
        raise UnsupportedRequest(f"input {name} has no S3Input; local jobs read S3 only")
    check_file_mode(name, source.get("S3InputMode"), source.get("S3CompressionType"))
    if "LocalPath" not in source:
        raise UnsupportedRequest(
            f"input {name} has no LocalPath; local jobs cannot serve inputs that the application reads by itself"
        )
    path = mapped_path(f"input {name}", source["LocalPath"])
    return Input(name, source["S3Uri"], path, is_manifest(name, source), share(source, number, count))


def _output(item: dict[str, Any]) -> Output:
    name, target = item["OutputName"], item.get("S3Output")
    if target is None or "LocalPath" not in target:
        raise UnsupportedRequest(f"output {name} has no S3Output with a LocalPath; local jobs write to S3 only")
    path = mapped_path(f"output {name}", target["LocalPath"])
    return Output(target["S3Uri"], path, even_if_failed=target.get("S3UploadMode") == "Continuous")
