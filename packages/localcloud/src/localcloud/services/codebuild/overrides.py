"""A new build: the project's settings with StartBuild's overrides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localcloud.core.cloud import Cloud
from localcloud.core.refusal import Refusal
from localcloud.services.codebuild.build import Build
from localcloud.services.codebuild.errors import INVALID
from localcloud.services.codebuild.projects import problems

SETTINGS = {
    "cacheOverride": "cache",
    "serviceRoleOverride": "serviceRole",
    "encryptionKeyOverride": "encryptionKey",
    "timeoutInMinutesOverride": "timeoutInMinutes",
    "queuedTimeoutInMinutesOverride": "queuedTimeoutInMinutes",
    "logsConfigOverride": "logsConfig",
    "artifactsOverride": "artifacts",
    "secondaryArtifactsOverride": "secondaryArtifacts",
    "secondarySourcesOverride": "secondarySources",
    "secondarySourcesVersionOverride": "secondarySourceVersions",
}
SOURCE = {"sourceTypeOverride": "type", "sourceLocationOverride": "location", "buildspecOverride": "buildspec"}
ENVIRONMENT = {
    "environmentTypeOverride": "type",
    "imageOverride": "image",
    "computeTypeOverride": "computeType",
    "privilegedModeOverride": "privilegedMode",
}


def new_build(project: Mapping[str, Any], request: Mapping[str, Any], cloud: Cloud, uuid: str, number: int) -> Build:
    settings = _settings(project, request)
    for sentence in problems(settings):
        raise Refusal(INVALID, sentence)
    logs = settings.get("logsConfig", {}).get("cloudWatchLogs", {})
    group = logs.get("groupName") or f"/aws/codebuild/{project['name']}"
    stream = f"{logs['streamName']}/{uuid}" if logs.get("streamName") else uuid
    return Build(
        project=project["name"],
        uuid=uuid,
        arn=cloud.arn("codebuild", f"build/{project['name']}:{uuid}"),
        number=number,
        settings=settings,
        source=settings["source"],
        version=request.get("sourceVersion") or project.get("sourceVersion", ""),
        variables=settings["environment"]["environmentVariables"],
        artifacts=settings["artifacts"],
        log_group="" if logs.get("status") == "DISABLED" else group,
        log_stream=stream,
        region=cloud.region,
        created=cloud.clock.now(),
        secondary_sources=list(settings["secondarySources"]),
        secondary_versions={
            entry["sourceIdentifier"]: entry["sourceVersion"] for entry in settings["secondarySourceVersions"]
        },
        secondary_artifacts=list(settings["secondaryArtifacts"]),
        request=dict(request),
    )


def _settings(project: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, Any]:
    source = {**project["source"], **_renamed(request, SOURCE)}
    environment = {**project["environment"], **_renamed(request, ENVIRONMENT)}
    by_name = {variable["name"]: variable for variable in environment.get("environmentVariables", [])}
    by_name |= {variable["name"]: variable for variable in request.get("environmentVariablesOverride", [])}
    environment["environmentVariables"] = [{"type": "PLAINTEXT", **variable} for variable in by_name.values()]
    return {**project, **_renamed(request, SETTINGS), "source": source, "environment": environment}


def _renamed(request: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {name: request[override] for override, name in names.items() if override in request}
