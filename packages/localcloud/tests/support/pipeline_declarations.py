"""Builders of pipeline declarations."""

from __future__ import annotations

import json
from typing import Any

from support.roles import ROLE

Declaration = dict[str, Any]


def action(name: str, category: str, provider: str, **members: Any) -> Declaration:
    kind = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    artifacts = {
        key: [{"name": artifact} for artifact in members.pop(key)] for key in ("inputs", "outputs") if key in members
    }
    renamed = {f"{key[:-1]}Artifacts": value for key, value in artifacts.items()}
    return {"name": name, "actionTypeId": kind, **renamed, **members}


def source(**members: Any) -> Declaration:
    configuration = {"RepositoryName": "repo", "BranchName": "main", "PollForSourceChanges": "false"}
    defaults = {"namespace": "Src", "configuration": configuration, "outputs": ["Source"], **members}
    return action("Source", "Source", "CodeCommit", **defaults)


def build(name: str = "Build", variables: Any = (), **members: Any) -> Declaration:
    environment = [{"name": key, "value": value} for key, value in dict(variables).items()]
    configuration = {"ProjectName": "project", "EnvironmentVariables": json.dumps(environment)}
    configuration |= members.pop("configuration", {})
    return action(name, "Build", "CodeBuild", configuration=configuration, **{"inputs": ["Source"], **members})


def approval(name: str = "Approve", **members: Any) -> Declaration:
    return action(name, "Approval", "Manual", **members)


def stage(name: str, *actions: Declaration, **members: Any) -> Declaration:
    return {"name": name, "actions": list(actions), **members}


def unless(variable: str, *, result: str = "SKIP", provider: str = "VariableCheck", **settings: str) -> Declaration:
    """A stage that is skipped unless a variable has the value "yes"."""
    kind = {"category": "Rule", "owner": "AWS", "provider": provider, "version": "1"}
    configuration = {"Variable": variable, "Value": "yes", "Operator": "EQ", **settings}
    rule = {"name": "OnlyIf", "ruleTypeId": kind, "configuration": configuration}
    return {"beforeEntry": {"conditions": [{"result": result, "rules": [rule]}]}}


def declare(*stages: Declaration, name: str = "ship", **members: Any) -> Declaration:
    store = {"type": "S3", "location": "bucket"}
    first = () if stages and stages[0]["name"] == "Source" else (stage("Source", source()),)
    kinds = {"pipelineType": "V2", "executionMode": "QUEUED"}
    return {"name": name, "roleArn": ROLE, "artifactStore": store, "stages": [*first, *stages], **kinds, **members}
