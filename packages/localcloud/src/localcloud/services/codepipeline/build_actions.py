"""Build and test actions: a build with the action's artifacts; what it exports are the action's variables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from localcloud.core.refusal import Refusal
from localcloud.services.codebuild.build_record import Build
from localcloud.services.codebuild.service import CodeBuild
from localcloud.services.codepipeline.engine import ActionFailed, Engine
from localcloud.services.codepipeline.records import ActionRun, Artifact, Execution

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud


class BuildActions(Engine):
    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.begins["CodeBuild"] = self._build
        self._builds: dict[str, tuple[Execution, ActionRun]] = {}  # by the build's id
        self._listens = False

    def reset(self) -> None:
        super().reset()
        self._builds.clear()

    def _build(self, execution: Execution, run: ActionRun) -> None:
        codebuild = self.cloud.service(CodeBuild)
        if not self._listens:
            codebuild.on_build_end(self._ended)
            self._listens = True
        try:
            request = {"projectName": run.resolved["ProjectName"], "environmentVariablesOverride": _variables(run)}
            build = codebuild.start(request, **_artifacts(execution, run, codebuild))
        except Refusal as refusal:
            raise ActionFailed("ConfigurationError", f"Error calling startBuild: {refusal.message}") from None
        self._builds[build.id] = (execution, run)
        run.external_id = build.id
        page = f"https://console.aws.amazon.com/codebuild/home?region={self.cloud.region}#/builds"
        run.url = f"{page}/{build.id}/view/new"

    def _ended(self, build: Build) -> None:
        """Under the lock."""
        execution, run = self._builds.pop(build.id, (None, None))
        if not execution or not run:
            return
        uploaded = build.uploaded.keys()
        alone = len(run.outputs) == 1
        run.outputs = [it for it in run.outputs if (alone and "" in uploaded) or it.name in uploaded]
        run.variables = {"BuildID": build.id, "BuildTag": build.uuid, **build.exported}
        error = None
        if build.status != "SUCCEEDED":
            error = ActionFailed("JobFailed", f"Build terminated with state: {build.status}. {_why(build)}".strip())
        self.finish(execution, run, error=error)


def _artifacts(execution: Execution, run: ActionRun, codebuild: CodeBuild) -> dict[str, Any]:
    """What the build's source and artifacts are, in the place of its project's."""
    project = codebuild.project(run.resolved["ProjectName"])
    if project["source"]["type"] != "CODEPIPELINE":
        raise ActionFailed("ConfigurationError", f"The source of project {project['name']} must be CODEPIPELINE.")
    named = run.resolved.get("PrimarySource", "")
    primary = next((artifact for artifact in run.inputs if artifact.name == named), run.inputs[0])
    others = [artifact for artifact in run.inputs if artifact is not primary]
    outputs = [{"type": "CODEPIPELINE", "location": _place(artifact)} for artifact in run.outputs]
    identified = [
        {**output, "artifactIdentifier": artifact.name} for output, artifact in zip(outputs, run.outputs, strict=True)
    ]
    return {
        "source": {**project["source"], "location": _place(primary)},
        "version": f"arn:aws:s3:::{_place(primary)}",
        "resolved": primary.revision,
        "secondary_sources": [
            {"type": "CODEPIPELINE", "location": _place(artifact), "sourceIdentifier": artifact.name}
            for artifact in others
        ],
        "artifacts": outputs[0] if len(outputs) == 1 else {"type": "NO_ARTIFACTS"},
        "secondary_artifacts": identified if len(outputs) > 1 else [],
        "initiator": f"codepipeline/{execution.pipeline}",
    }


def _variables(run: ActionRun) -> list[dict[str, str]]:
    """A value that was put in may have broken the JSON: CodePipeline puts it in as it is."""
    try:
        return [{"type": "PLAINTEXT", **one} for one in json.loads(run.resolved.get("EnvironmentVariables", "[]"))]
    except (ValueError, TypeError):
        sentence = f"EnvironmentVariables is no JSON: {run.resolved['EnvironmentVariables']}"
        raise ActionFailed("InvalidConfiguration", sentence) from None


def _why(build: Build) -> str:
    for phase in build.phases:
        for context in phase.contexts:
            return f"Phase: {phase.kind}, Code: {context['statusCode']}, Message: {context['message']}"
    return ""


def _place(artifact: Artifact) -> str:
    return f"{artifact.bucket}/{artifact.key}"
