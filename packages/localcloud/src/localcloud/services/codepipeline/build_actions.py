"""Build and test actions: a build with the action's artifacts; its exported variables become the action's."""

from __future__ import annotations

import json
from typing import Any

from localcloud.core.cloud import Cloud
from localcloud.core.refusal import Refusal
from localcloud.core.service import Part
from localcloud.services.codebuild.build import Build
from localcloud.services.codebuild.service import CodeBuild
from localcloud.services.codepipeline import service_role
from localcloud.services.codepipeline.actions import ActionFailed, Actions
from localcloud.services.codepipeline.engine import Engine
from localcloud.services.codepipeline.records import ActionRun, Artifact, Execution


class BuildActions(Part):
    def __init__(self, cloud: Cloud, actions: Actions, engine: Engine) -> None:
        self.cloud, self.engine = cloud, engine
        actions.providers["CodeBuild"] = self._start
        self._builds: dict[str, tuple[Execution, ActionRun]] = {}  # by the build's id

    def connect(self, codebuild: CodeBuild) -> None:
        self.codebuild = codebuild
        codebuild.executor.on_end(self._finish)

    def reset(self) -> None:
        self._builds.clear()

    def _start(self, execution: Execution, run: ActionRun) -> None:
        principal = service_role.of_action(self.cloud, execution, run)
        try:
            request = {"projectName": run.configuration["ProjectName"], "environmentVariablesOverride": _variables(run)}
            self.cloud.access.authorize(principal, "codebuild", "StartBuild", request)
            project = self.codebuild.projects.get(run.configuration["ProjectName"])
            build = self.codebuild.builds.start(request, **_artifacts(execution, run, project))
        except Refusal as refusal:
            raise _start_failure(refusal) from None
        self._builds[build.id] = (execution, run)
        run.external_id = build.id
        page = f"https://console.aws.amazon.com/codebuild/home?region={self.cloud.region}#/builds"
        run.url = f"{page}/{build.id}/view/new"

    def _finish(self, build: Build) -> None:
        """Under the lock."""
        execution, run = self._builds.pop(build.id, (None, None))
        if not execution or not run:
            return
        uploaded = build.uploaded.keys()
        single = len(run.outputs) == 1
        run.outputs = [output for output in run.outputs if (single and "" in uploaded) or output.name in uploaded]
        run.variables = {"BuildID": build.id, "BuildTag": build.uuid, **build.exported}
        error = self._denied_description(execution, run, build)
        if not error and build.status != "SUCCEEDED":
            error = ActionFailed("JobFailed", f"Build terminated with state: {build.status}. {_failure(build)}".strip())
        self.engine.finish(execution, run, error=error)

    def _denied_description(self, execution: Execution, run: ActionRun, build: Build) -> ActionFailed | None:
        """CodePipeline describes its builds until they end; here an event brings the description."""
        try:
            principal = service_role.of_action(self.cloud, execution, run)
            self.cloud.access.authorize(principal, "codebuild", "BatchGetBuilds", {"ids": [build.id]})
        except ActionFailed as failure:
            return failure
        except Refusal as refusal:
            return ActionFailed(service_role.PERMISSION, f"Error calling batchGetBuilds: {refusal.message}")
        return None


def _artifacts(execution: Execution, run: ActionRun, project: dict[str, Any]) -> dict[str, Any]:
    """The build's source and artifacts, which replace its project's."""
    if project["source"]["type"] != "CODEPIPELINE":
        raise ActionFailed("ConfigurationError", f"The source of project {project['name']} must be CODEPIPELINE.")
    name = run.configuration.get("PrimarySource", "")
    primary = next((artifact for artifact in run.inputs if artifact.name == name), run.inputs[0])
    others = [artifact for artifact in run.inputs if artifact is not primary]
    outputs = [{"type": "CODEPIPELINE", "location": _location(artifact)} for artifact in run.outputs]
    identified = [
        {**output, "artifactIdentifier": artifact.name} for output, artifact in zip(outputs, run.outputs, strict=True)
    ]
    return {
        "source": {**project["source"], "location": _location(primary)},
        "version": f"arn:aws:s3:::{_location(primary)}",
        "resolved": primary.revision,
        "secondary_sources": [
            {"type": "CODEPIPELINE", "location": _location(artifact), "sourceIdentifier": artifact.name}
            for artifact in others
        ],
        "artifacts": outputs[0] if len(outputs) == 1 else {"type": "NO_ARTIFACTS"},
        "secondary_artifacts": identified if len(outputs) > 1 else [],
        "initiator": f"codepipeline/{execution.pipeline}",
    }


def _start_failure(refusal: Refusal) -> ActionFailed:
    code = service_role.PERMISSION if refusal.code.startswith("AccessDenied") else "ConfigurationError"
    return ActionFailed(code, f"Error calling startBuild: {refusal.message}")


def _variables(run: ActionRun) -> list[dict[str, str]]:
    """CodePipeline inserts variables without escaping: a value may break the JSON."""
    try:
        return [
            {"type": "PLAINTEXT", **entry} for entry in json.loads(run.configuration.get("EnvironmentVariables", "[]"))
        ]
    except (ValueError, TypeError):
        sentence = f"EnvironmentVariables is not JSON: {run.configuration['EnvironmentVariables']}"
        raise ActionFailed("InvalidConfiguration", sentence) from None


def _failure(build: Build) -> str:
    for phase in build.phases:
        for context in phase.contexts:
            return f"Phase: {phase.kind}, Code: {context['statusCode']}, Message: {context['message']}"
    return ""


def _location(artifact: Artifact) -> str:
    return f"{artifact.bucket}/{artifact.key}"
