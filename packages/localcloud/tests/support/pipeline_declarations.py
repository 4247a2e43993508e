"""Small declarations of pipelines, for tests to put together."""

from __future__ import annotations

import json
from typing import Any

ROLE = "arn:aws:iam::000000000000:role/r"
Declared = dict[str, Any]


def action(name: str, category: str, provider: str, **said: Any) -> Declared:
    kind = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    artifacts = {key: [{"name": one} for one in said.pop(key)] for key in ("inputs", "outputs") if key in said}
    named = {f"{key[:-1]}Artifacts": value for key, value in artifacts.items()}
    return {"name": name, "actionTypeId": kind, **named, **said}


def source(**said: Any) -> Declared:
    configuration = {"RepositoryName": "repo", "BranchName": "main", "PollForSourceChanges": "false"}
    told = {"namespace": "Src", "configuration": configuration, "outputs": ["Source"], **said}
    return action("Source", "Source", "CodeCommit", **told)


def build(name: str = "Build", variables: Any = (), **said: Any) -> Declared:
    asked = [{"name": key, "value": value} for key, value in dict(variables).items()]
    configuration = {"ProjectName": "project", "EnvironmentVariables": json.dumps(asked)}
    configuration |= said.pop("configuration", {})
    return action(name, "Build", "CodeBuild", configuration=configuration, **{"inputs": ["Source"], **said})


def approval(name: str = "Approve", **said: Any) -> Declared:
    return action(name, "Approval", "Manual", **said)


def stage(name: str, *actions: Declared, **said: Any) -> Declared:
    return {"name": name, "actions": list(actions), **said}


def declared(*stages: Declared, name: str = "ship", **said: Any) -> Declared:
    store = {"type": "S3", "location": "bucket"}
    first = () if stages and stages[0]["name"] == "Source" else (stage("Source", source()),)
    kinds = {"pipelineType": "V2", "executionMode": "QUEUED"}
    return {"name": name, "roleArn": ROLE, "artifactStore": store, "stages": [*first, *stages], **kinds, **said}
