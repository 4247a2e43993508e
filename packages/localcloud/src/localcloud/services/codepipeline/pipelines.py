"""Pipelines: created, updated, described, deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from localcloud.core import tags
from localcloud.core.cloud import Cloud
from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.service import Part, operation
from localcloud.services.codepipeline import service_role
from localcloud.services.codepipeline.records import Pipeline, Stage
from localcloud.services.codepipeline.structure import problems

PAGES: dict[str, Any] = {"size_key": "maxResults", "token_key": "nextToken", "code": "InvalidNextTokenException"}
DEFAULTS = {"pipelineType": "V1", "executionMode": "SUPERSEDED"}
LIMIT = 1000


class Pipelines(Part):
    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.by_name: dict[str, Pipeline] = {}
        self.on_create: Callable[[Pipeline], None] = lambda _: None
        self.on_delete: Callable[[Pipeline], None] = lambda _: None

    def reset(self) -> None:
        self.by_name.clear()

    @operation("CreatePipeline")
    def create_pipeline(self, request: dict[str, Any]) -> dict[str, Any]:
        declaration = {**DEFAULTS, **request["pipeline"], "version": 1}
        name = declaration["name"]
        if name in self.by_name:
            raise Refusal("PipelineNameInUseException", f"A pipeline with the name '{name}' already exists.")
        self._check(declaration)
        now = self.cloud.clock.now()
        pipeline = Pipeline(declaration, self.cloud.arn("codepipeline", name), now, now)
        pipeline.stages = {stage["name"]: Stage() for stage in declaration["stages"]}
        pipeline.tags = tags.as_dict(request.get("tags"), "key", "value")
        self.by_name[name] = pipeline
        self.on_create(pipeline)
        return {"pipeline": declaration, "tags": tags.as_list(pipeline.tags, "key", "value")}

    @operation("UpdatePipeline")
    def update_pipeline(self, request: dict[str, Any]) -> dict[str, Any]:
        """Running executions keep the structure that they started with."""
        pipeline = self.get(request["pipeline"]["name"])
        version = pipeline.declaration["version"] + 1
        declaration = {**DEFAULTS, **request["pipeline"], "version": version}
        self._check(declaration)
        pipeline.old_declarations[version - 1] = pipeline.declaration
        pipeline.declaration, pipeline.updated = declaration, self.cloud.clock.now()
        for stage in declaration["stages"]:
            pipeline.stages.setdefault(stage["name"], Stage())
        return {"pipeline": declaration}

    @operation("GetPipeline")
    def get_pipeline(self, request: dict[str, Any]) -> dict[str, Any]:
        pipeline = self.get(request["name"])
        latest = pipeline.declaration["version"]
        version = request.get("version", latest)
        declaration = pipeline.declaration if version == latest else pipeline.old_declarations.get(version)
        if not declaration:
            sentence = f"Pipeline {pipeline.name} has no version {version}: they go from 1 to {latest}."
            raise Refusal("PipelineVersionNotFoundException", sentence)
        times = {"created": pipeline.created, "updated": pipeline.updated}
        return {"pipeline": declaration, "metadata": {"pipelineArn": pipeline.arn, **times}}

    @operation("ListPipelines")
    def list_pipelines(self, request: dict[str, Any]) -> dict[str, Any]:
        members = ("name", "version", "pipelineType", "executionMode")
        summaries = [
            {
                **{name: pipeline.declaration[name] for name in members},
                "created": pipeline.created,
                "updated": pipeline.updated,
            }
            for _, pipeline in sorted(self.by_name.items())
        ]
        return paged(summaries, request, "pipelines", limit=LIMIT, **PAGES)

    @operation("DeletePipeline")
    def delete_pipeline(self, request: dict[str, Any]) -> None:
        """A missing pipeline is not an error."""
        pipeline = self.by_name.pop(request["name"], None)
        if pipeline:
            self.on_delete(pipeline)

    def get(self, name: str) -> Pipeline:
        if name not in self.by_name:
            sentence = f"Account '{self.cloud.account}' does not have a pipeline with name '{name}'"
            raise Refusal("PipelineNotFoundException", sentence)
        return self.by_name[name]

    def tags_of(self, arn: str) -> dict[str, str]:
        name = arn.rpartition(":")[2]
        if name not in self.by_name or self.by_name[name].arn != arn:
            raise Refusal("ResourceNotFoundException", f"The resource {arn} does not exist.")
        return self.by_name[name].tags

    def _check(self, declaration: dict[str, Any]) -> None:
        for code, sentence in problems(declaration, self.cloud.region):
            raise Refusal(code, sentence)
        service_role.check(self.cloud, declaration)
