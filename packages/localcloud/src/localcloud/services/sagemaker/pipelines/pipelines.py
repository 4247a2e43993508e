"""Pipelines and their versions: every change of the definition makes a version, numbered from 1.

A definition in S3 is read with the caller's permissions. Not reproduced: whether the role exists (it is noticed when
its first job starts); pipelines that AWS manages; who created what.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localcloud.core.access.caller import caller
from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.service import Part, operation
from localcloud.core.tokens import Tokens
from localcloud.services.sagemaker import s3_objects
from localcloud.services.sagemaker.listing import within
from localcloud.services.sagemaker.pipelines import definition_structure
from localcloud.services.sagemaker.pipelines.graph import Graph
from localcloud.services.sagemaker.pipelines.listing import in_order
from localcloud.services.sagemaker.pipelines.records import ExecutionStore, Pipeline, Version
from localcloud.services.sagemaker.refusals import invalid
from localcloud.services.sagemaker.tags import Tags

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

MEMBERS = ("PipelineDisplayName", "PipelineDescription", "RoleArn", "ParallelismConfiguration")
VERSION_MEMBERS = ("PipelineVersionDisplayName", "PipelineVersionDescription")
MOST_ALIASES = 10


class Pipelines(Part):
    def __init__(self, cloud: Cloud, tags: Tags, executions: ExecutionStore) -> None:
        self.cloud, self._tags, self._executions = cloud, tags, executions
        self._pipelines: dict[str, Pipeline] = {}  # by ARN, in the order of their creation
        self._tokens = Tokens(cloud.clock)

    def reset(self) -> None:
        self._pipelines.clear()
        self._tokens.reset()

    @operation("CreatePipeline")
    def create_pipeline(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._tokens.once("CreatePipeline", request, self._create)

    def _create(self, request: dict[str, Any]) -> dict[str, Any]:
        text = self._definition(request)
        if text is None:
            raise invalid("Either PipelineDefinition or PipelineDefinitionS3Location must be given.")
        name = request["PipelineName"]
        arn = self.cloud.arn("sagemaker", f"pipeline/{name}")
        if arn in self._pipelines:
            rule = "Pipeline names must be unique within an AWS account and region."
            raise invalid(f"{rule} Pipeline with name ({name}) already exists.")
        now = self.cloud.clock.now()
        pipeline = Pipeline(name, arn, now, now, {key: request[key] for key in MEMBERS if key in request})
        self._new_version(pipeline, text, request.get("PipelineVersionAliases", []))
        self._pipelines[arn] = pipeline
        self._tags.put(arn, request.get("Tags"))
        return {"PipelineArn": arn}

    @operation("UpdatePipeline")
    def update_pipeline(self, request: dict[str, Any]) -> dict[str, Any]:
        pipeline = self.find(request["PipelineName"])
        text, aliases = self._definition(request), request.get("PipelineVersionAliases", [])
        if text is not None and text != pipeline.latest.text:
            self._new_version(pipeline, text, aliases)
        elif aliases:
            raise invalid("PipelineVersionAliases can be given only when the update changes the definition.")
        pipeline.members |= {key: request[key] for key in MEMBERS if key in request}
        pipeline.modified = self.cloud.clock.now()
        return {"PipelineArn": pipeline.arn, "PipelineVersionId": pipeline.latest.number}

    @operation("DescribePipeline")
    def describe_pipeline(self, request: dict[str, Any]) -> dict[str, Any]:
        pipeline = self.find(request["PipelineName"])
        return pipeline.description(self.find_version(pipeline, request))

    @operation("DeletePipeline")
    def delete_pipeline(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._tokens.once("DeletePipeline", request, self._delete)

    def _delete(self, request: dict[str, Any]) -> dict[str, Any]:
        pipeline = self.find(request["PipelineName"])
        self._delete_executions(pipeline)
        del self._pipelines[pipeline.arn]
        self._tags.delete(pipeline.arn)
        return {"PipelineArn": pipeline.arn}

    @operation("ListPipelines")
    def list_pipelines(self, request: dict[str, Any]) -> dict[str, Any]:
        summaries = [
            pipeline.summary()
            for pipeline in self._pipelines.values()
            if pipeline.name.startswith(request.get("PipelineNamePrefix", ""))
            and within(pipeline.created, request, "Created")
            and request.get("ManagedBy", "CUSTOMER") == "CUSTOMER"
        ]
        if request.get("SortBy") == "Name":
            summaries.sort(key=lambda summary: summary["PipelineName"])
        return paged(in_order(summaries, request), request, "PipelineSummaries")

    @operation("ListPipelineVersions")
    def list_pipeline_versions(self, request: dict[str, Any]) -> dict[str, Any]:
        pipeline = self.find(request["PipelineName"])
        summaries = [pipeline.version_summary(v) for v in pipeline.versions if within(v.created, request, "Created")]
        return paged(in_order(summaries, request), request, "PipelineVersionSummaries")

    @operation("UpdatePipelineVersion")
    def update_pipeline_version(self, request: dict[str, Any]) -> dict[str, Any]:
        pipeline = self.find(request["PipelineArn"])
        version = self.find_version(pipeline, request)
        change = request.get("PipelineVersionAliasOperations", {})
        remaining = [alias for alias in version.aliases if alias not in change.get("Remove", [])]
        added = [alias for alias in change.get("Add", []) if alias not in remaining]
        self._check_aliases(pipeline, version, remaining, added)
        version.aliases = remaining + added
        version.members |= {key: request[key] for key in VERSION_MEMBERS if key in request}
        return {"PipelineArn": pipeline.arn, "PipelineVersionId": version.number}

    def find(self, name_or_arn: str) -> Pipeline:
        arn = name_or_arn if ":" in name_or_arn else self.cloud.arn("sagemaker", f"pipeline/{name_or_arn}")
        if arn not in self._pipelines:
            raise Refusal("ResourceNotFound", f"Pipeline '{arn}' does not exist.")
        return self._pipelines[arn]

    def find_version(self, pipeline: Pipeline, request: dict[str, Any]) -> Version:
        """The version that a request names by number or alias; else the latest."""
        number, alias = request.get("PipelineVersionId"), request.get("PipelineVersionAlias")
        if number is not None and alias is not None:
            raise invalid("PipelineVersionId and PipelineVersionAlias cannot be given together.")
        if number is None and alias is None:
            return pipeline.latest
        for version in pipeline.versions:
            if version.number == number or alias in version.aliases:
                return version
        version_text = f"alias {alias}" if number is None else f"{number}"
        raise Refusal("ResourceNotFound", f"Pipeline version {version_text} of '{pipeline.arn}' does not exist.")

    def _definition(self, request: dict[str, Any]) -> str | None:
        inline, location = request.get("PipelineDefinition"), request.get("PipelineDefinitionS3Location")
        if inline is not None and location is not None:
            raise invalid("PipelineDefinition and PipelineDefinitionS3Location cannot be given together.")
        if location is None:
            return inline
        where = {"Bucket": location["Bucket"], "Key": location["ObjectKey"]}
        version = {"VersionId": location["VersionId"]} if "VersionId" in location else {}
        self.cloud.access.authorize(caller(), "s3", "GetObject", where | version)
        try:
            body = s3_objects.read(self.cloud, location["Bucket"], location["ObjectKey"], location.get("VersionId"))
            return body.decode()
        except (OSError, UnicodeDecodeError) as error:
            raise invalid(f"Unable to read the pipeline definition from S3: {error}") from None

    def _delete_executions(self, pipeline: Pipeline) -> None:
        executions = self._executions.of(pipeline)
        if running := [execution.id for execution in executions if not execution.over]:
            message = f"Pipeline '{pipeline.arn}' has running executions ({', '.join(running)}): stop them first."
            raise Refusal("ConflictException", message)
        for execution in executions:
            self._executions.delete(execution)
            self._tags.delete(execution.arn)

    def _new_version(self, pipeline: Pipeline, text: str, aliases: list[str]) -> None:
        definition = definition_structure.parse(text)
        number, now = len(pipeline.versions) + 1, self.cloud.clock.now()
        version = Version(number, text, definition, Graph(definition), now)
        self._check_aliases(pipeline, version, [], aliases)
        version.aliases = list(aliases)
        pipeline.versions.append(version)

    def _check_aliases(self, pipeline: Pipeline, version: Version, remaining: list[str], added: list[str]) -> None:
        others = {alias: other for other in pipeline.versions if other is not version for alias in other.aliases}
        for alias in added:
            if alias.isdigit():
                raise invalid(f"The alias {alias!r} must not consist of numbers only.")
            if alias in others:
                owner = others[alias].number
                raise Refusal("ConflictException", f"The alias {alias!r} belongs to version {owner}: remove it there.")
        if len(remaining) + len(added) > MOST_ALIASES or len(set(added)) < len(added):
            raise invalid(f"A version has at most {MOST_ALIASES} aliases, each once.")
