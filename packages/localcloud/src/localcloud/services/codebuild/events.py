"""The events of builds and phases, in AWS's own layout, and the metrics of builds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from localcloud.core.cloud import Cloud
from localcloud.services.codebuild.build import COMPLETED, Build, Phase

STATE, PHASE = "CodeBuild Build State Change", "CodeBuild Build Phase Change"


def emit_build_state(cloud: Cloud, build: Build) -> None:
    last = build.phases[-1]
    detail = {
        "build-status": build.status,
        "project-name": build.project,
        "build-id": build.arn,
        "additional-information": _information(build),
        "current-phase": last.kind,
        "current-phase-context": _contexts(last),
        "version": "1",
    }
    cloud.emit("aws.codebuild", STATE, detail, [build.arn])


def emit_phase(cloud: Cloud, build: Build, phase: Phase) -> None:
    detail = {
        "completed-phase": phase.kind,
        "project-name": build.project,
        "build-id": build.arn,
        "completed-phase-context": _contexts(phase),
        "additional-information": _information(build),
        "completed-phase-status": phase.status,
        "completed-phase-duration-seconds": phase.seconds,
        "version": "1",
        "completed-phase-start": _time(phase.started),
        "completed-phase-end": _time(phase.ended),
    }
    cloud.emit("aws.codebuild", PHASE, detail, [build.arn])


def emit_build_metrics(cloud: Cloud, build: Build) -> None:
    seconds = (build.phases[-1].started - build.created).total_seconds()
    outcome = "SucceededBuilds" if build.status == "SUCCEEDED" else "FailedBuilds"
    for dimensions in ({}, {"ProjectName": build.project}):
        for name in ("Builds", outcome):
            cloud.metric("AWS/CodeBuild", name, 1, dimensions, "Count")
        cloud.metric("AWS/CodeBuild", "Duration", seconds, dimensions, "Seconds")


def _information(build: Build) -> dict[str, Any]:
    environment, logs = build.settings["environment"], build.logs()
    links = {"group-name": "groupName", "stream-name": "streamName", "deep-link": "deepLink"}
    return {
        "artifact": build.uploaded.get("", {"location": ""}),
        "environment": {
            "image": environment["image"],
            "privileged-mode": environment.get("privilegedMode", False),
            "compute-type": environment["computeType"],
            "type": environment["type"],
            "environment-variables": [{"type": "PLAINTEXT", **variable} for variable in build.variables],
        },
        "timeout-in-minutes": build.minutes("timeoutInMinutes"),
        "build-complete": build.complete,
        "initiator": build.initiator,
        "build-start-time": _time(build.created),
        "build-number": build.number,
        "source": {"type": build.source["type"], "location": build.source.get("location", "")},
        "source-version": build.version,
        "logs": {name: logs[key] for name, key in links.items() if key in logs},
        "phases": [_phase(phase) for phase in build.phases],
    }


def _phase(phase: Phase) -> dict[str, Any]:
    entry: dict[str, Any] = {"start-time": _time(phase.started), "phase-type": phase.kind}
    if phase.ended and phase.kind != COMPLETED:
        contexts = [f"{context['statusCode']}: {context['message']}" for context in phase.contexts]
        entry |= {"phase-context": contexts, "end-time": _time(phase.ended), "phase-status": phase.status}
        entry["duration-in-seconds"] = phase.seconds
    return entry


def _contexts(phase: Phase) -> str:
    return f"[{', '.join(': '.join((context['statusCode'], context['message'])) for context in phase.contexts)}]"


def _time(moment: datetime | None) -> str:
    """Sep 1, 2017 4:12:29 PM"""
    return f"{moment:%b} {moment.day}, {moment.year} {moment.hour % 12 or 12}:{moment:%M:%S %p}" if moment else ""
