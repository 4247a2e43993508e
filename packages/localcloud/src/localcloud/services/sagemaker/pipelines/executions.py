"""Executions of pipelines: start, stop, retry, describe, list. ``interpreter`` runs them.

Not reproduced: what an execution's role may do (the jobs run as whoever runs localcloud), experiments and lineage.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.service import operation
from localcloud.services.sagemaker import s3_objects
from localcloud.services.sagemaker.pipelines import parameters, selective_execution
from localcloud.services.sagemaker.pipelines.expressions import Scope, Unresolved
from localcloud.services.sagemaker.pipelines.interpreter import Interpreter
from localcloud.services.sagemaker.pipelines.pipelines import Pipelines, created_between, in_order
from localcloud.services.sagemaker.pipelines.records import Execution, Pipeline, Version
from localcloud.services.sagemaker.pipelines.steps import ALPHABET

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

Request = dict[str, Any]
TOLD = (
    "PipelineExecutionDisplayName",
    "PipelineExecutionDescription",
    "ParallelismConfiguration",
    "SelectiveExecutionConfig",
)
CHANGEABLE = TOLD[:3]


class Executions(Pipelines):
    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.executions: dict[str, Execution] = {}  # by ARN, in the order of their start
        self.interpreter = Interpreter(self)

    def reset(self) -> None:
        for execution in self.executions.values():
            self.interpreter.forget(execution)
        self.executions.clear()
        super().reset()

    @operation("StartPipelineExecution")
    def start_pipeline_execution(self, request: Request) -> Request:
        if known := self.tokens.answer("StartPipelineExecution", request):
            return known
        pipeline = self.find_pipeline(request["PipelineName"])
        version = self.find_version(pipeline, request)
        if "RoleArn" in request:
            raise _invalid("RoleArn can be given only for a pipeline that AWS manages.")
        execution = self._new_execution(pipeline, version, request)
        self.executions[execution.arn] = execution
        pipeline.last_run, version.last_execution = execution.created, execution.arn
        self.tag(execution.arn, [])
        self.interpreter.begin(execution)
        return self.tokens.remember("StartPipelineExecution", request, {"PipelineExecutionArn": execution.arn})

    @operation("StopPipelineExecution")
    def stop_pipeline_execution(self, request: Request) -> Request:
        if known := self.tokens.answer("StopPipelineExecution", request):
            return known
        execution = self.find_execution(request)
        if execution.status != "Executing":
            raise _invalid(f"{_named(execution)}: only one that is Executing can be stopped.")
        self.interpreter.stop(execution)
        return self.tokens.remember("StopPipelineExecution", request, {"PipelineExecutionArn": execution.arn})

    @operation("RetryPipelineExecution")
    def retry_pipeline_execution(self, request: Request) -> Request:
        if known := self.tokens.answer("RetryPipelineExecution", request):
            return known
        execution = self.find_execution(request)
        if execution.status not in ("Failed", "Stopped"):
            raise _invalid(f"{_named(execution)}: only one that is Failed or Stopped can be retried.")
        if "ParallelismConfiguration" in request:
            execution.told["ParallelismConfiguration"] = request["ParallelismConfiguration"]
        self.interpreter.retry(execution)
        return self.tokens.remember("RetryPipelineExecution", request, {"PipelineExecutionArn": execution.arn})

    @operation("UpdatePipelineExecution")
    def update_pipeline_execution(self, request: Request) -> Request:
        execution = self.find_execution(request)
        execution.told |= {key: request[key] for key in CHANGEABLE if key in request}
        execution.modified = self.cloud.clock.now()
        self.interpreter.go_on(execution)  # more may now run at once
        return {"PipelineExecutionArn": execution.arn}

    @operation("DescribePipelineExecution")
    def describe_pipeline_execution(self, request: Request) -> Request:
        return self.find_execution(request).description()

    @operation("DescribePipelineDefinitionForExecution")
    def describe_pipeline_definition_for_execution(self, request: Request) -> Request:
        version = self.find_execution(request).version
        return {"PipelineDefinition": version.text, "CreationTime": version.created}

    @operation("ListPipelineExecutions")
    def list_pipeline_executions(self, request: Request) -> Request:
        pipeline = self.find_pipeline(request["PipelineName"])
        of_alias = self.find_version(pipeline, request) if "PipelineVersionAlias" in request else None
        found = [
            execution.summary()
            for execution in self._executions_of(pipeline)
            if created_between(execution.created, request) and of_alias in (None, execution.version)
        ]
        if request.get("SortBy") == "PipelineExecutionArn":
            found.sort(key=lambda summary: summary["PipelineExecutionArn"])
        return paged(in_order(found, request), request, "PipelineExecutionSummaries")

    @operation("ListPipelineExecutionSteps")
    def list_pipeline_execution_steps(self, request: Request) -> Request:
        if "PipelineExecutionArn" not in request:
            raise _invalid("PipelineExecutionArn must be given.")
        found = [run.description() for run in self.find_execution(request).runs.values()]
        return paged(in_order(found, request), request, "PipelineExecutionSteps")

    @operation("ListPipelineParametersForExecution")
    def list_pipeline_parameters_for_execution(self, request: Request) -> Request:
        """Those that were given; AWS does not list the defaults."""
        given = self.find_execution(request).parameters
        found = [{"Name": name, "Value": value} for name, value in given.items()]
        return paged(found, request, "PipelineParameters")

    def find_execution(self, request: Request) -> Execution:
        arn = request["PipelineExecutionArn"]
        if arn not in self.executions:
            raise Refusal("ResourceNotFound", f"Pipeline execution with ARN '{arn}' does not exist.")
        return self.executions[arn]

    def forget_executions(self, pipeline: Pipeline) -> None:
        mine = list(self._executions_of(pipeline))
        if running := [execution.id for execution in mine if not execution.over]:
            sentence = f"Pipeline '{pipeline.arn}' has running executions ({', '.join(running)}): stop them first."
            raise Refusal("ConflictException", sentence)
        for execution in mine:
            del self.executions[execution.arn]
            self.forget_tags(execution.arn)

    def _executions_of(self, pipeline: Pipeline) -> list[Execution]:
        return [execution for execution in self.executions.values() if execution.pipeline is pipeline]

    def _new_execution(self, pipeline: Pipeline, version: Version, request: Request) -> Execution:
        given = parameters.texts(request.get("PipelineParameters", []))
        values = parameters.values(version.definition.get("Parameters", []), given)
        now = self.cloud.clock.now()
        arn = f"{pipeline.arn}/execution/{''.join(secrets.choice(ALPHABET) for _ in range(12))}"
        told = {key: request[key] for key in TOLD if key in request}
        told.setdefault("PipelineExecutionDisplayName", f"execution-{int(now.timestamp() * 1000)}")
        variables = {
            "PipelineName": pipeline.name,
            "PipelineArn": pipeline.arn,
            "PipelineExecutionId": arn.rsplit("/", 1)[-1],
            "PipelineExecutionArn": arn,
            "StartDateTime": now.isoformat(),
            "CurrentDateTime": now.isoformat(),
        }
        files = {
            (name, file["PropertyFileName"]): file
            for name, entry in version.graph.entries.items()
            for file in entry.get("PropertyFiles", [])
        }
        scope = Scope(values, variables, files, lambda uri: s3_objects.read_uri(self.cloud, uri))
        told |= _experiment(version.definition.get("PipelineExperimentConfig") or {}, scope)
        execution = Execution(arn, pipeline, version, now, now, told, given, scope)
        if "SelectiveExecutionConfig" in told:
            self._select(execution, told["SelectiveExecutionConfig"])
        return execution

    def _select(self, execution: Execution, config: Request) -> None:
        graph, source = execution.version.graph, None
        execution.selected = selective_execution.selection(graph, config)
        if arn := config.get("SourcePipelineExecutionArn"):
            source = self.executions.get(arn)
            if source is None or source.pipeline is not execution.pipeline:
                raise _invalid(f"Invalid SourcePipelineExecutionArn: {arn} is no execution of this pipeline.")
        execution.runs = selective_execution.reused(graph, execution.selected, source)
        execution.scope.steps |= {name: run.answer for name, run in execution.runs.items()}


def _experiment(config: Any, scope: Scope) -> Request:
    """Told, and nothing more: there are no experiments here."""
    try:
        names = scope.resolve(config)
    except Unresolved as error:
        raise _invalid(f"PipelineExperimentConfig cannot be resolved: {error}") from None
    known = {name: names[name] for name in ("ExperimentName", "TrialName") if isinstance(names.get(name), str)}
    return {"PipelineExperimentConfig": known} if known else {}


def _named(execution: Execution) -> str:
    return f"Pipeline execution with ARN '{execution.arn}' is {execution.status}"


def _invalid(sentence: str) -> Refusal:
    return Refusal("ValidationException", sentence)
