"""Pipelines and their versions: every change of the definition makes a version, numbered from 1.

Not reproduced: whether the role may be passed on (that it is missing shows when its first job starts); pipelines that
AWS manages; who created what.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.service import operation
from localcloud.services.sagemaker import s3_objects
from localcloud.services.sagemaker.part import Part
from localcloud.services.sagemaker.pipelines import definition_structure
from localcloud.services.sagemaker.pipelines.graph import Graph
from localcloud.services.sagemaker.pipelines.records import Pipeline, Version

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

TOLD = ("PipelineDisplayName", "PipelineDescription", "RoleArn", "ParallelismConfiguration")
VERSION_TOLD = ("PipelineVersionDisplayName", "PipelineVersionDescription")
MOST_ALIASES = 10


class Pipelines(Part):
    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.pipelines: dict[str, Pipeline] = {}  # by ARN, in the order of their creation

    def reset(self) -> None:
        super().reset()
        self.pipelines.clear()

    @operation("CreatePipeline")
    def create_pipeline(self, request: dict[str, Any]) -> dict[str, Any]:
        if known := self.tokens.answer("CreatePipeline", request):
            return known
        text = self._definition(request)
        if text is None:
            raise _invalid("Either PipelineDefinition or PipelineDefinitionS3Location must be given.")
        name = request["PipelineName"]
        arn = self.cloud.arn("sagemaker", f"pipeline/{name}")
        if arn in self.pipelines:
            sentence = "Pipeline names must be unique within an AWS account and region."
            raise Refusal("ValidationException", f"{sentence} Pipeline with name ({name}) already exists.")
        now = self.cloud.clock.now()
        pipeline = Pipeline(name, arn, now, now, {key: request[key] for key in TOLD if key in request})
        self._new_version(pipeline, text, request.get("PipelineVersionAliases", []))
        self.pipelines[arn] = pipeline
        self.tag(arn, request.get("Tags"))
        return self.tokens.remember("CreatePipeline", request, {"PipelineArn": arn})

    @operation("UpdatePipeline")
    def update_pipeline(self, request: dict[str, Any]) -> dict[str, Any]:
        pipeline = self.find_pipeline(request["PipelineName"])
        text, aliases = self._definition(request), request.get("PipelineVersionAliases", [])
        if text is not None and text != pipeline.latest.text:
            self._new_version(pipeline, text, aliases)
        elif aliases:
            raise _invalid("PipelineVersionAliases can be given only when the update changes the definition.")
        pipeline.told |= {key: request[key] for key in TOLD if key in request}
        pipeline.modified = self.cloud.clock.now()
        return {"PipelineArn": pipeline.arn, "PipelineVersionId": pipeline.latest.number}

    @operation("DescribePipeline")
    def describe_pipeline(self, request: dict[str, Any]) -> dict[str, Any]:
        pipeline = self.find_pipeline(request["PipelineName"])
        return pipeline.description(self.find_version(pipeline, request))

    @operation("DeletePipeline")
    def delete_pipeline(self, request: dict[str, Any]) -> dict[str, Any]:
        if known := self.tokens.answer("DeletePipeline", request):
            return known
        pipeline = self.find_pipeline(request["PipelineName"])
        self.forget_executions(pipeline)
        del self.pipelines[pipeline.arn]
        self.forget_tags(pipeline.arn)
        return self.tokens.remember("DeletePipeline", request, {"PipelineArn": pipeline.arn})

    def forget_executions(self, pipeline: Pipeline) -> None:
        """For the part that runs them; it refuses when one is running."""

    @operation("ListPipelines")
    def list_pipelines(self, request: dict[str, Any]) -> dict[str, Any]:
        found = [
            pipeline.summary()
            for pipeline in self.pipelines.values()
            if pipeline.name.startswith(request.get("PipelineNamePrefix", ""))
            and created_between(pipeline.created, request)
            and request.get("ManagedBy", "CUSTOMER") == "CUSTOMER"
        ]
        if request.get("SortBy") == "Name":
            found.sort(key=lambda summary: summary["PipelineName"])
        return paged(in_order(found, request), request, "PipelineSummaries")

    @operation("ListPipelineVersions")
    def list_pipeline_versions(self, request: dict[str, Any]) -> dict[str, Any]:
        pipeline = self.find_pipeline(request["PipelineName"])
        found = [pipeline.version_summary(v) for v in pipeline.versions if created_between(v.created, request)]
        return paged(in_order(found, request), request, "PipelineVersionSummaries")

    @operation("UpdatePipelineVersion")
    def update_pipeline_version(self, request: dict[str, Any]) -> dict[str, Any]:
        pipeline = self.find_pipeline(request["PipelineArn"])
        version = self.find_version(pipeline, request)
        change = request.get("PipelineVersionAliasOperations", {})
        kept = [alias for alias in version.aliases if alias not in change.get("Remove", [])]
        added = [alias for alias in change.get("Add", []) if alias not in kept]
        self._check_aliases(pipeline, version, kept, added)
        version.aliases = kept + added
        version.told |= {key: request[key] for key in VERSION_TOLD if key in request}
        return {"PipelineArn": pipeline.arn, "PipelineVersionId": version.number}

    def find_pipeline(self, name_or_arn: str) -> Pipeline:
        arn = name_or_arn if ":" in name_or_arn else self.cloud.arn("sagemaker", f"pipeline/{name_or_arn}")
        if arn not in self.pipelines:
            raise Refusal("ResourceNotFound", f"Pipeline '{arn}' does not exist.")
        return self.pipelines[arn]

    def find_version(self, pipeline: Pipeline, request: dict[str, Any]) -> Version:
        """The version that a request names by number or alias; else the latest."""
        number, alias = request.get("PipelineVersionId"), request.get("PipelineVersionAlias")
        if number is not None and alias is not None:
            raise _invalid("PipelineVersionId and PipelineVersionAlias cannot be given together.")
        if number is None and alias is None:
            return pipeline.latest
        for version in pipeline.versions:
            if version.number == number or alias in version.aliases:
                return version
        what = f"alias {alias}" if number is None else f"{number}"
        raise Refusal("ResourceNotFound", f"Pipeline version {what} of '{pipeline.arn}' does not exist.")

    def _definition(self, request: dict[str, Any]) -> str | None:
        inline, place = request.get("PipelineDefinition"), request.get("PipelineDefinitionS3Location")
        if inline is not None and place is not None:
            raise _invalid("PipelineDefinition and PipelineDefinitionS3Location cannot be given together.")
        if place is None:
            return inline
        try:
            body = s3_objects.read(self.cloud, place["Bucket"], place["ObjectKey"], place.get("VersionId"))
            return body.decode()
        except (OSError, UnicodeDecodeError) as error:
            raise _invalid(f"Unable to read the pipeline definition from S3: {error}") from None

    def _new_version(self, pipeline: Pipeline, text: str, aliases: list[str]) -> None:
        definition = definition_structure.checked(text)
        number, now = len(pipeline.versions) + 1, self.cloud.clock.now()
        version = Version(number, text, definition, Graph(definition), now)
        self._check_aliases(pipeline, version, [], aliases)
        version.aliases = list(aliases)
        pipeline.versions.append(version)

    def _check_aliases(self, pipeline: Pipeline, version: Version, kept: list[str], added: list[str]) -> None:
        others = {alias: other for other in pipeline.versions if other is not version for alias in other.aliases}
        for alias in added:
            if alias.isdigit():
                raise _invalid(f"The alias {alias!r} must not consist of numbers only.")
            if alias in others:
                owner = others[alias].number
                raise Refusal("ConflictException", f"The alias {alias!r} belongs to version {owner}: remove it there.")
        if len(kept) + len(added) > MOST_ALIASES or len(set(added)) < len(added):
            raise _invalid(f"A version has at most {MOST_ALIASES} aliases, each once.")


def created_between(created: Any, request: dict[str, Any]) -> bool:
    after, before = request.get("CreatedAfter"), request.get("CreatedBefore")
    return not (after and created <= after) and not (before and created >= before)


def in_order(ascending: list[Any], request: dict[str, Any]) -> list[Any]:
    """AWS lists pipelines, versions, executions and steps newest first unless it is told otherwise."""
    return ascending if request.get("SortOrder") == "Ascending" else ascending[::-1]


def _invalid(sentence: str) -> Refusal:
    return Refusal("ValidationException", sentence)
