"""Executions of pipelines: start, stop, retry, describe, list. ``interpreter`` runs them.

Not reproduced: experiments and lineage.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.service import Part, operation
from localcloud.core.tokens import Tokens
from localcloud.services.sagemaker import execution_roles, s3_objects
from localcloud.services.sagemaker.listing import within
from localcloud.services.sagemaker.pipelines import parameters, selective_execution
from localcloud.services.sagemaker.pipelines.expressions import Scope, Unresolved
from localcloud.services.sagemaker.pipelines.interpreter import Interpreter
from localcloud.services.sagemaker.pipelines.listing import in_order
from localcloud.services.sagemaker.pipelines.pipelines import Pipelines
from localcloud.services.sagemaker.pipelines.records import Execution, ExecutionStore, Pipeline, Version
from localcloud.services.sagemaker.pipelines.steps import ALPHABET
from localcloud.services.sagemaker.refusals import invalid
from localcloud.services.sagemaker.tags import Tags

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

Request = dict[str, Any]
MEMBERS = (
    "PipelineExecutionDisplayName",
    "PipelineExecutionDescription",
    "ParallelismConfiguration",
    "SelectiveExecutionConfig",
)
CHANGEABLE = MEMBERS[:3]


class Executions(Part):
    def __init__(
        self, cloud: Cloud, tags: Tags, pipelines: Pipelines, executions: ExecutionStore, interpreter: Interpreter
    ) -> None:
        self.cloud, self._tags, self._pipelines = cloud, tags, pipelines
        self._executions, self._interpreter = executions, interpreter
        self._tokens = Tokens(cloud.clock)

    def reset(self) -> None:
        for execution in self._executions:
            self._interpreter.forget(execution)
        self._executions.clear()
        self._tokens.reset()

    @operation("StartPipelineExecution")
    def start_pipeline_execution(self, request: Request) -> Request:
        return self._tokens.once("StartPipelineExecution", request, self._start)

    def _start(self, request: Request) -> Request:
        pipeline = self._pipelines.find(request["PipelineName"])
        version = self._pipelines.find_version(pipeline, request)
        if "RoleArn" in request:
            raise invalid("RoleArn can be given only for a pipeline that AWS manages.")
        execution = self._new_execution(pipeline, version, request)
        self._executions.add(execution)
        pipeline.last_run, version.last_execution = execution.created, execution.arn
        self._tags.put(execution.arn, None)
        self._interpreter.begin(execution)
        return {"PipelineExecutionArn": execution.arn}

    @operation("StopPipelineExecution")
    def stop_pipeline_execution(self, request: Request) -> Request:
        return self._tokens.once("StopPipelineExecution", request, self._stop)

    def _stop(self, request: Request) -> Request:
        execution = self._find(request)
        if execution.status != "Executing":
            raise invalid(f"{_named(execution)}: only one that is Executing can be stopped.")
        self._interpreter.stop(execution)
        return {"PipelineExecutionArn": execution.arn}

    @operation("RetryPipelineExecution")
    def retry_pipeline_execution(self, request: Request) -> Request:
        return self._tokens.once("RetryPipelineExecution", request, self._retry)

    def _retry(self, request: Request) -> Request:
        execution = self._find(request)
        if execution.status not in ("Failed", "Stopped"):
            raise invalid(f"{_named(execution)}: only one that is Failed or Stopped can be retried.")
        if "ParallelismConfiguration" in request:
            execution.members["ParallelismConfiguration"] = request["ParallelismConfiguration"]
        self._interpreter.retry(execution)
        return {"PipelineExecutionArn": execution.arn}

    @operation("UpdatePipelineExecution")
    def update_pipeline_execution(self, request: Request) -> Request:
        execution = self._find(request)
        execution.members |= {key: request[key] for key in CHANGEABLE if key in request}
        execution.modified = self.cloud.clock.now()
        self._interpreter.resume(execution)  # more may now run at once
        return {"PipelineExecutionArn": execution.arn}

    @operation("DescribePipelineExecution")
    def describe_pipeline_execution(self, request: Request) -> Request:
        return self._find(request).description()

    @operation("DescribePipelineDefinitionForExecution")
    def describe_pipeline_definition_for_execution(self, request: Request) -> Request:
        version = self._find(request).version
        return {"PipelineDefinition": version.text, "CreationTime": version.created}

    @operation("ListPipelineExecutions")
    def list_pipeline_executions(self, request: Request) -> Request:
        pipeline = self._pipelines.find(request["PipelineName"])
        of_alias = self._pipelines.find_version(pipeline, request) if "PipelineVersionAlias" in request else None
        summaries = [
            execution.summary()
            for execution in self._executions.of(pipeline)
            if within(execution.created, request, "Created") and of_alias in (None, execution.version)
        ]
        if request.get("SortBy") == "PipelineExecutionArn":
            summaries.sort(key=lambda summary: summary["PipelineExecutionArn"])
        return paged(in_order(summaries, request), request, "PipelineExecutionSummaries")

    @operation("ListPipelineExecutionSteps")
    def list_pipeline_execution_steps(self, request: Request) -> Request:
        if "PipelineExecutionArn" not in request:
            raise invalid("PipelineExecutionArn must be given.")
        runs = [run.description() for run in self._find(request).runs.values()]
        return paged(in_order(runs, request), request, "PipelineExecutionSteps")

    @operation("ListPipelineParametersForExecution")
    def list_pipeline_parameters_for_execution(self, request: Request) -> Request:
        """Those of the start request; AWS does not list the defaults."""
        given = self._find(request).parameters
        listed = [{"Name": name, "Value": value} for name, value in given.items()]
        return paged(listed, request, "PipelineParameters")

    def _find(self, request: Request) -> Execution:
        arn = request["PipelineExecutionArn"]
        execution = self._executions.get(arn)
        if execution is None:
            raise Refusal("ResourceNotFound", f"Pipeline execution with ARN '{arn}' does not exist.")
        return execution

    def _new_execution(self, pipeline: Pipeline, version: Version, request: Request) -> Execution:
        given = parameters.as_dict(request.get("PipelineParameters", []))
        values = parameters.values(version.definition.get("Parameters", []), given)
        now = self.cloud.clock.now()
        arn = f"{pipeline.arn}/execution/{''.join(secrets.choice(ALPHABET) for _ in range(12))}"
        members = {key: request[key] for key in MEMBERS if key in request}
        members.setdefault("PipelineExecutionDisplayName", f"execution-{int(now.timestamp() * 1000)}")
        variables = _variables(pipeline, arn, now.isoformat())
        scope = Scope(values, variables, _property_files(version), lambda uri: self._read(pipeline, uri))
        members |= _experiment(version.definition.get("PipelineExperimentConfig") or {}, scope)
        execution = Execution(arn, pipeline, version, now, now, members, given, scope)
        if "SelectiveExecutionConfig" in members:
            self._select(execution, members["SelectiveExecutionConfig"])
        return execution

    def _read(self, pipeline: Pipeline, uri: str) -> bytes:
        """A property file, under the pipeline's role."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        try:
            principal = execution_roles.assume(self.cloud, pipeline.members["RoleArn"], pipeline.arn)
            self.cloud.access.authorize(principal, "s3", "GetObject", {"Bucket": bucket, "Key": key})
        except Refusal as refusal:
            raise PermissionError(refusal.message) from None
        return s3_objects.read_uri(self.cloud, uri)

    def _select(self, execution: Execution, config: Request) -> None:
        graph, source = execution.version.graph, None
        execution.selected = selective_execution.selection(graph, config)
        if arn := config.get("SourcePipelineExecutionArn"):
            source = self._executions.get(arn)
            if source is None or source.pipeline is not execution.pipeline:
                raise invalid(f"Invalid SourcePipelineExecutionArn: {arn} is not an execution of this pipeline.")
        execution.runs = selective_execution.reuse(graph, execution.selected, source)
        execution.scope.steps |= {name: run.output for name, run in execution.runs.items()}


def _variables(pipeline: Pipeline, execution_arn: str, now: str) -> dict[str, str]:
    """What expressions refer to as Execution.<name>."""
    return {
        "PipelineName": pipeline.name,
        "PipelineArn": pipeline.arn,
        "PipelineExecutionId": execution_arn.rsplit("/", 1)[-1],
        "PipelineExecutionArn": execution_arn,
        "StartDateTime": now,
        "CurrentDateTime": now,
    }


def _property_files(version: Version) -> dict[tuple[str, str], dict[str, str]]:
    return {
        (name, file["PropertyFileName"]): file
        for name, entry in version.graph.entries.items()
        for file in entry.get("PropertyFiles", [])
    }


def _experiment(config: Any, scope: Scope) -> Request:
    """Only described: there are no experiments here."""
    try:
        names = scope.resolve(config)
    except Unresolved as error:
        raise invalid(f"PipelineExperimentConfig cannot be resolved: {error}") from None
    known = {name: names[name] for name in ("ExperimentName", "TrialName") if isinstance(names.get(name), str)}
    return {"PipelineExperimentConfig": known} if known else {}


def _named(execution: Execution) -> str:
    return f"Pipeline execution with ARN '{execution.arn}' is {execution.status}"
