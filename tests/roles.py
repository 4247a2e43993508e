"""The roles of the real templates in a localcloud of a test, and sessions as CodeBuild opens them for its builds."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from codepipeline.stacks import Stack, name_of, stacks
from settings.loader import load
from tests import templates

# Without projects, pipelines and rules: what builds and releases do, the tests do.
OF_BUILDS = ("AWS::IAM::Role", "AWS::Logs::LogGroup")
WITHOUT_START = (*OF_BUILDS, "AWS::CodeBuild::Project")


def create(cloud: Any, folder: Path, env: str = "local") -> None:
    """The foundation of a stage, and the roles of its builds and releases, by the settings in ``folder``."""
    settings = load(env, folder)
    by_name = {stack.name: stack for stack in stacks(settings, folder)}
    foundation = by_name[name_of(settings, "foundation")]
    create_stack(cloud, foundation, foundation.path.read_text())
    for name in ("build", "release-staging", "release-production", "deploy"):
        stack = by_name[name_of(settings, name)]
        template = templates.read(stack.template.removesuffix(".yml"))
        kept = [each for each in resources(template, OF_BUILDS) if each not in ("PipelineRole", "EventsRole")]
        create_stack(cloud, stack, _only(template, kept))


def create_all(cloud: Any, folder: Path, env: str = "local") -> None:
    """The roles of every stack and stage, without pipelines and rules, which would start something."""
    settings = load(env, folder)
    for stack in stacks(settings, folder):
        template = templates.read(stack.template.removesuffix(".yml"))
        if not (names := resources(template, WITHOUT_START)):
            continue
        body = _only(template, names)
        for kind in ("build", "deploy"):
            body = body.replace(f"${{{kind.capitalize()}Pipeline}}", f"${{Project}}-${{Stage}}-{kind}")
        create_stack(cloud, stack, stack.path.read_text() if stack.holds_data else body)


def resources(template: dict[str, Any], kinds: Iterable[str]) -> list[str]:
    return [name for name, each in template["Resources"].items() if each["Type"] in kinds]


def _only(template: dict[str, Any], names: Iterable[str]) -> str:
    kept = {name: template["Resources"][name] for name in names}
    return json.dumps({**template, "Resources": kept, "Outputs": {}})


def create_stack(cloud: Any, stack: Stack, body: str) -> None:
    cloudformation = cloud.client("cloudformation")
    parameters = [{"ParameterKey": name, "ParameterValue": value} for name, value in stack.parameters.items()]
    names = {"StackName": stack.name, "Capabilities": ["CAPABILITY_NAMED_IAM"]}
    cloudformation.create_stack(**names, TemplateBody=body, Parameters=parameters)
    waiter = cloudformation.get_waiter("stack_create_complete")
    waiter.wait(StackName=stack.name, WaiterConfig={"Delay": 0.02, "MaxAttempts": 3000})


def of_build(cloud: Any, name: str) -> Any:
    """``of_build(cloud, "churn-local-staging")``: the session of a build of that project, whose role has its name."""
    role, project = f"arn:aws:iam::{cloud.account}:role/{name}", cloud.arn("codebuild", f"project/{name}")
    return cloud.access.assume(role, "AWSCodeBuild", service="codebuild.amazonaws.com", source_arn=project)
