"""CreateProcessingJob's request as a Job."""

from __future__ import annotations

import json
from typing import Any

from localcloud.jobs.job import ML, Input, Job, Output, Refused, data_source, one_instance, safe_name


def job(request: dict[str, Any]) -> Job:
    name = safe_name(request["ProcessingJobName"])
    cluster = request["ProcessingResources"]["ClusterConfig"]
    one_instance(cluster.get("InstanceCount"), name)
    application = request["AppSpecification"]
    if not application.get("ContainerEntrypoint"):
        raise Refused(f"{name} names no ContainerEntrypoint; local jobs do not know the image's own")
    outputs = tuple(_output(item) for item in request.get("ProcessingOutputConfig", {}).get("Outputs", []))
    return Job(
        name=name,
        kind="processing",
        image=application["ImageUri"],
        command=(*application["ContainerEntrypoint"], *application.get("ContainerArguments", [])),
        reason_file=f"{ML}/output/message",
        max_runtime_seconds=request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", 86400),
        environment=request.get("Environment", {}),
        inputs=tuple(_input(item) for item in request.get("ProcessingInputs", [])),
        outputs=outputs,
        files={
            f"{ML}/config/processingjobconfig.json": json.dumps(request),
            f"{ML}/config/resourceconfig.json": json.dumps({"current_host": "algo-1", "hosts": ["algo-1"]}),
        },
        folders=(f"{ML}/output", *(output.path for output in outputs)),
        isolated=request.get("NetworkConfig", {}).get("EnableNetworkIsolation", False),
    )


def _input(item: dict[str, Any]) -> Input:
    source = item.get("S3Input")
    if source is None:
        raise Refused(f"input {item['InputName']} has no S3Input; local jobs read S3 only")
    return Input(item["InputName"], data_source(item["InputName"], source), source["LocalPath"])


def _output(item: dict[str, Any]) -> Output:
    target = item.get("S3Output")
    if target is None:
        raise Refused(f"output {item['OutputName']} has no S3Output; local jobs write to S3 only")
    return Output(target["S3Uri"], target["LocalPath"], even_if_failed=target.get("S3UploadMode") == "Continuous")
