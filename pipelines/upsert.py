"""The pipeline: state -> plan -> execute. The plan is data: ``--plan`` shows it, ``--upsert`` executes it."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aws.refusals import already_exists, is_conflict, is_missing
from pipelines.bundle import publish
from pipelines.definition import Compiled
from pipelines.difference import diff, flatten_steps, truncate
from pipelines.initial_objects import put_initial_objects
from pipelines.state import PipelineState, parse_definition, read
from settings.model import Settings

LARGEST_INLINE = 100_000  # bytes of a definition inside the request; larger ones go through S3
ATTEMPTS = 4  # others may create, update or delete the same pipeline at the same time
Client = Callable[[str], Any]


@dataclass(frozen=True)
class Call:
    service: str
    operation: str
    parameters: dict[str, Any]


@dataclass(frozen=True)
class Plan:
    name: str
    action: str  # create, update or unchanged
    lines: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)

    def render(self, done: bool) -> str:
        if self.action == "unchanged":
            return f"pipeline {self.name} is unchanged"
        if self.action == "create" and done:
            return f"created pipeline {self.name} with {', '.join(self.steps)}"
        verb = f"{self.action}d" if done else f"would {self.action}"
        return "\n  ".join([f"{verb} pipeline {self.name}:", *truncate(self.lines)])


def plan(settings: Settings, compiled: Compiled, state: PipelineState | None) -> Plan:
    """Pure. Tags that others put on the pipeline are left alone."""
    attributes = _attributes(settings)
    if state is None:
        definition = json.loads(compiled.body)
        calls, steps = _create_calls(settings, compiled, attributes), list(flatten_steps(definition))
        return Plan(compiled.name, "create", diff({}, definition), calls, steps)
    lines = _definition_lines(state, compiled) + _attribute_lines(state, attributes)
    calls = _update_calls(settings, compiled, attributes) if lines else []
    if tags := _changed_tags(settings, state):
        lines += [f"tag {key}: {(state.tags or {}).get(key, '(none)')} -> {value}" for key, value in tags.items()]
        calls.append(Call("sagemaker", "add_tags", {"ResourceArn": state.arn, "Tags": _tag_list(tags)}))
    return Plan(compiled.name, "update" if lines else "unchanged", lines, calls)


def _changed_tags(settings: Settings, state: PipelineState) -> dict[str, str]:
    """Empty when the tags could not be read."""
    if state.tags is None:
        return {}
    return {key: value for key, value in settings.tags.items() if state.tags.get(key) != value}


def _attributes(settings: Settings) -> dict[str, str]:
    description = f"{settings.project.name}: from raw data to a registered model ({settings.env})"
    return {"RoleArn": settings.role_arn, "PipelineDescription": description}


def _definition_lines(state: PipelineState, compiled: Compiled) -> list[str]:
    if state.definition == compiled.body:
        return []
    old = parse_definition(state.definition)
    if old is None:
        return ["the existing definition cannot be read as JSON: it is replaced as a whole"]
    return diff(old, json.loads(compiled.body))


def _attribute_lines(state: PipelineState, attributes: dict[str, str]) -> list[str]:
    pairs = {
        "role": (state.role, attributes["RoleArn"]),
        "description": (state.description, attributes["PipelineDescription"]),
    }
    return [f"{what}: {old or '(none)'} -> {new}" for what, (old, new) in pairs.items() if old != new]


def _create_calls(settings: Settings, compiled: Compiled, attributes: dict[str, str]) -> list[Call]:
    argument, calls = _definition_argument(settings, compiled)
    token = hashlib.sha256(f"{compiled.name}\0{compiled.body}\0{attributes}".encode()).hexdigest()
    parameters: dict[str, Any] = {"PipelineName": compiled.name, **argument, **attributes, "ClientRequestToken": token}
    if settings.tags:
        parameters["Tags"] = _tag_list(settings.tags)
    return [*calls, Call("sagemaker", "create_pipeline", parameters)]


def _update_calls(settings: Settings, compiled: Compiled, attributes: dict[str, str]) -> list[Call]:
    argument, calls = _definition_argument(settings, compiled)
    return [*calls, Call("sagemaker", "update_pipeline", {"PipelineName": compiled.name, **argument, **attributes})]


def _definition_argument(settings: Settings, compiled: Compiled) -> tuple[dict[str, Any], list[Call]]:
    """The definition inside the request, or as an S3 object that has to be put first."""
    body = compiled.body.encode()
    if len(body) <= LARGEST_INLINE:
        return {"PipelineDefinition": compiled.body}, []
    key = f"{settings.project.name}/definitions/{hashlib.sha256(body).hexdigest()}.json"
    put = Call("s3", "put_object", {"Bucket": settings.bucket, "Key": key, "Body": body})
    return {"PipelineDefinitionS3Location": {"Bucket": settings.bucket, "ObjectKey": key}}, [put]


def _tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def upsert(settings: Settings, compiled: Compiled, client: Client, pause: Callable[[float], None] = time.sleep) -> Plan:
    """Uploads what the definition refers to, then creates or updates the pipeline; returns what was done."""
    client("s3").head_bucket(Bucket=settings.bucket)  # a missing bucket is reported before anything is done
    publish(compiled.uploads, client("s3"))
    put_initial_objects(compiled.initial_objects, client("s3"))
    for attempt in range(1, ATTEMPTS + 1):
        planned = plan(settings, compiled, read(client("sagemaker"), compiled.name, tags=True))
        try:
            execute(planned, client)
            break
        except Exception as error:
            if attempt == ATTEMPTS or not _is_race(planned, error):
                raise
            pause(attempt)
    return planned


def _is_race(planned: Plan, error: Exception) -> bool:
    """Somebody else created, changed or deleted it between the read and the call."""
    return is_conflict(error) or (already_exists(error) if planned.action == "create" else is_missing(error))


def execute(planned: Plan, client: Client) -> None:
    for call in planned.calls:
        getattr(client(call.service), call.operation)(**call.parameters)
        if call.operation == "create_pipeline" and read(client(call.service), planned.name) is None:
            # the token of a pipeline deleted just before: AWS repeats its earlier response and creates nothing
            client(call.service).create_pipeline(**{**call.parameters, "ClientRequestToken": uuid.uuid4().hex})
