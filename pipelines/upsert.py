"""The pipeline itself: state -> plan -> execute. The plan is data: ``--plan`` shows it, ``--upsert`` executes it."""

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
from pipelines.deployed import Live, read, readable
from pipelines.difference import bounded, difference
from pipelines.initial_objects import plant
from settings.model import Settings

LARGEST_INLINE = 100_000  # bytes of a definition inside the request; larger ones go through S3
ATTEMPTS = 4  # others may create, update or delete the same pipeline at this moment
Client = Callable[[str], Any]


@dataclass(frozen=True)
class Call:
    service: str
    operation: str
    parameters: dict[str, Any]


@dataclass(frozen=True)
class Plan:
    name: str
    verdict: str  # create, update or unchanged
    lines: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    def told(self, done: bool) -> str:
        if self.verdict == "unchanged":
            return f"pipeline {self.name} is unchanged"
        verb = f"{self.verdict}d" if done else f"would {self.verdict}"
        return "\n  ".join([f"{verb} pipeline {self.name}:", *bounded(self.lines)])


def plan(settings: Settings, compiled: Compiled, live: Live | None) -> Plan:
    """Pure. Tags that others put on the pipeline are left alone."""
    wanted = _wanted(settings)
    if live is None:
        lines = difference({}, json.loads(compiled.body))
        return Plan(compiled.name, "create", lines, _creation(settings, compiled, wanted))
    lines = _definition_lines(live, compiled) + _attribute_lines(live, wanted)
    calls = _update(settings, compiled, wanted) if lines else []
    tags = {key: value for key, value in settings.tags.items() if live.tags is not None and live.tags.get(key) != value}
    if tags:
        lines += [f"tag {key}: {(live.tags or {}).get(key, '(none)')} -> {value}" for key, value in tags.items()]
        calls.append(Call("sagemaker", "add_tags", {"ResourceArn": live.arn, "Tags": _tag_list(tags)}))
    return Plan(compiled.name, "update" if lines else "unchanged", lines, calls)


def _wanted(settings: Settings) -> dict[str, str]:
    description = f"{settings.project.name}: from raw data to a registered model ({settings.env})"
    return {"RoleArn": settings.role_arn, "PipelineDescription": description}


def _definition_lines(live: Live, compiled: Compiled) -> list[str]:
    if live.definition == compiled.body:
        return []
    old = readable(live.definition)
    if old is None:
        return ["the definition that is there cannot be read as JSON: it is replaced as a whole"]
    return difference(old, json.loads(compiled.body))


def _attribute_lines(live: Live, wanted: dict[str, str]) -> list[str]:
    pairs = {"role": (live.role, wanted["RoleArn"]), "description": (live.description, wanted["PipelineDescription"])}
    return [f"{what}: {old or '(none)'} -> {new}" for what, (old, new) in pairs.items() if old != new]


def _creation(settings: Settings, compiled: Compiled, wanted: dict[str, str]) -> list[Call]:
    carrier, calls = _definition(settings, compiled)
    token = hashlib.sha256(f"{compiled.name}\0{compiled.body}\0{wanted}".encode()).hexdigest()
    parameters: dict[str, Any] = {"PipelineName": compiled.name, **carrier, **wanted, "ClientRequestToken": token}
    if settings.tags:
        parameters["Tags"] = _tag_list(settings.tags)
    return [*calls, Call("sagemaker", "create_pipeline", parameters)]


def _update(settings: Settings, compiled: Compiled, wanted: dict[str, str]) -> list[Call]:
    carrier, calls = _definition(settings, compiled)
    return [*calls, Call("sagemaker", "update_pipeline", {"PipelineName": compiled.name, **carrier, **wanted})]


def _definition(settings: Settings, compiled: Compiled) -> tuple[dict[str, Any], list[Call]]:
    """How the definition travels: inside the request, or as an object that has to be put first."""
    body = compiled.body.encode()
    if len(body) <= LARGEST_INLINE:
        return {"PipelineDefinition": compiled.body}, []
    key = f"{settings.project.name}/definitions/{hashlib.sha256(body).hexdigest()}.json"
    put = Call("s3", "put_object", {"Bucket": settings.bucket, "Key": key, "Body": body})
    return {"PipelineDefinitionS3Location": {"Bucket": settings.bucket, "ObjectKey": key}}, [put]


def _tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def upsert(settings: Settings, compiled: Compiled, client: Client, pause: Callable[[float], None] = time.sleep) -> Plan:
    """Publishes what the definition names, then makes the pipeline that definition; says what it did."""
    client("s3").head_bucket(Bucket=settings.bucket)  # a missing bucket is said before anything is done
    publish(compiled.uploads, client("s3"))
    plant(compiled.seeds, client("s3"))
    for attempt in range(1, ATTEMPTS + 1):
        todo = plan(settings, compiled, read(client("sagemaker"), compiled.name, tags=True))
        try:
            execute(todo, client)
            break
        except Exception as error:
            if attempt == ATTEMPTS or not _raced(todo, error):
                raise
            pause(attempt)
    return todo


def _raced(todo: Plan, error: Exception) -> bool:
    """Somebody else created, changed or deleted it between our look and our move."""
    return is_conflict(error) or (already_exists(error) if todo.verdict == "create" else is_missing(error))


def execute(todo: Plan, client: Client) -> None:
    for call in todo.calls:
        getattr(client(call.service), call.operation)(**call.parameters)
        if call.operation == "create_pipeline" and read(client(call.service), todo.name) is None:
            # the token of a pipeline deleted a moment ago: AWS repeated its old answer and made nothing
            client(call.service).create_pipeline(**{**call.parameters, "ClientRequestToken": uuid.uuid4().hex})
