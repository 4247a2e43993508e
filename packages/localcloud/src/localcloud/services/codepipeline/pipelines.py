"""Pipelines: made, changed, told, deleted; their tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.service import Service, operation
from localcloud.services.codepipeline.records import Pipeline, Stage
from localcloud.services.codepipeline.structure import problems

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

PAGES: dict[str, Any] = {"size_key": "maxResults", "token_key": "nextToken", "code": "InvalidNextTokenException"}
DEFAULTS = {"pipelineType": "V1", "executionMode": "SUPERSEDED"}
LIMIT = 1000


class Pipelines(Service):
    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.pipelines: dict[str, Pipeline] = {}

    def reset(self) -> None:
        super().reset()
        self.pipelines.clear()

    def created(self, pipeline: Pipeline) -> None:
        """A new pipeline runs once; the part that has executions does so."""

    def deleted(self, pipeline: Pipeline) -> None:
        """Its executions end with it."""

    @operation("CreatePipeline")
    def create_pipeline(self, request: dict[str, Any]) -> dict[str, Any]:
        declaration = {**DEFAULTS, **request["pipeline"], "version": 1}
        name = declaration["name"]
        if name in self.pipelines:
            raise Refusal("PipelineNameInUseException", f"A pipeline with the name '{name}' already exists.")
        self._check(declaration)
        now = self.cloud.clock.now()
        pipeline = Pipeline(declaration, self.cloud.arn("codepipeline", name), now, now)
        pipeline.stages = {stage["name"]: Stage() for stage in declaration["stages"]}
        pipeline.tags = {tag["key"]: tag["value"] for tag in request.get("tags", [])}
        self.pipelines[name] = pipeline
        self.created(pipeline)
        return {"pipeline": declaration, "tags": _listed(pipeline.tags)}

    @operation("UpdatePipeline")
    def update_pipeline(self, request: dict[str, Any]) -> dict[str, Any]:
        """Executions that are under way go on as they began."""
        pipeline = self.pipeline(request["pipeline"]["name"])
        version = pipeline.declaration["version"] + 1
        declaration = {**DEFAULTS, **request["pipeline"], "version": version}
        self._check(declaration)
        pipeline.past[version - 1] = pipeline.declaration
        pipeline.declaration, pipeline.updated = declaration, self.cloud.clock.now()
        for stage in declaration["stages"]:
            pipeline.stages.setdefault(stage["name"], Stage())
        return {"pipeline": declaration}

    @operation("GetPipeline")
    def get_pipeline(self, request: dict[str, Any]) -> dict[str, Any]:
        pipeline = self.pipeline(request["name"])
        latest = pipeline.declaration["version"]
        version = request.get("version", latest)
        found = pipeline.declaration if version == latest else pipeline.past.get(version)
        if not found:
            sentence = f"Pipeline {pipeline.name} has no version {version}: they go from 1 to {latest}."
            raise Refusal("PipelineVersionNotFoundException", sentence)
        times = {"created": pipeline.created, "updated": pipeline.updated}
        return {"pipeline": found, "metadata": {"pipelineArn": pipeline.arn, **times}}

    @operation("ListPipelines")
    def list_pipelines(self, request: dict[str, Any]) -> dict[str, Any]:
        kept = ("name", "version", "pipelineType", "executionMode")
        found = [
            {
                **{name: pipeline.declaration[name] for name in kept},
                "created": pipeline.created,
                "updated": pipeline.updated,
            }
            for _, pipeline in sorted(self.pipelines.items())
        ]
        return paged(found, request, "pipelines", limit=LIMIT, **PAGES)

    @operation("DeletePipeline")
    def delete_pipeline(self, request: dict[str, Any]) -> None:
        """One that is not there is no error."""
        pipeline = self.pipelines.pop(request["name"], None)
        if pipeline:
            self.deleted(pipeline)

    @operation("TagResource")
    def tag_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        new = {tag["key"]: tag["value"] for tag in request["tags"]}
        if any(key.lower().startswith("aws:") for key in new):
            raise Refusal("InvalidTagsException", "aws: prefixed tag key names are not allowed for external use.")
        self._tagged(request).update(new)
        return {}

    @operation("UntagResource")
    def untag_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        tags = self._tagged(request)
        for key in request["tagKeys"]:
            tags.pop(key, None)
        return {}

    @operation("ListTagsForResource")
    def list_tags_for_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        return paged(_listed(self._tagged(request)), request, "tags", limit=50, **PAGES)

    def pipeline(self, name: str) -> Pipeline:
        if name not in self.pipelines:
            sentence = f"Account '{self.cloud.account}' does not have a pipeline with name '{name}'"
            raise Refusal("PipelineNotFoundException", sentence)
        return self.pipelines[name]

    def _tagged(self, request: dict[str, Any]) -> dict[str, str]:
        name = request["resourceArn"].rpartition(":")[2]
        if name not in self.pipelines or self.pipelines[name].arn != request["resourceArn"]:
            raise Refusal("ResourceNotFoundException", f"The resource {request['resourceArn']} does not exist.")
        return self.pipelines[name].tags

    def _check(self, declaration: dict[str, Any]) -> None:
        for code, sentence in problems(declaration, self.cloud.region):
            raise Refusal(code, sentence)


def _listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]
