"""``python -m codepipeline.teardown --env ENV``: removes what bootstrap and the releases created, data included.

Lists what it will remove and asks for confirmation; at the end it lists what is left, and what that costs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aws.caller import clients
from aws.command_errors import run_in_environment
from aws.environment_parser import environment_parser
from codepipeline import retained_resources, unnamed_endpoints
from codepipeline.cloudformation import remove, status
from codepipeline.stacks import Stack, name_of, stacks, stages
from pipelines import delete
from release import command as deploy
from release import delete as deletion
from release.context import Context
from settings.errors import Problem, UsageProblem
from settings.loader import load
from settings.model import Settings

REMAINDER = """what is left, and what it costs:
  the packages of the model group {group} and the history of executions: nothing, but their models are gone
  the logs of jobs under /aws/sagemaker, which other projects share: about 0.03 USD per GB and month
  keys that are scheduled for deletion: nothing"""
FIRST = (
    "automatic-approval.yml",
    "overdue.yml",
    "schedules.yml",
    "deploy.yml",
    "release.yml",
    "build.yml",
)  # they start what would recreate the rest


def main(argv: Sequence[str] | None = None) -> int:
    return run_in_environment(_teardown, _parser().parse_args(argv))


def _parser() -> argparse.ArgumentParser:
    parser = environment_parser("codepipeline.teardown", __doc__, "as given to bootstrap")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    return parser


def _teardown(options: argparse.Namespace) -> int:
    settings = load(options.env, options.config)
    client = clients(settings)
    removed, kept = _split(stages(settings, options.config), _others(client("cloudformation"), settings))
    foundations = {f"{settings.project.name}-{env}-foundation" for env in kept}
    all_stacks = reversed(stacks(settings, options.config, network=True, every=True))
    to_remove = [stack for stack in all_stacks if stack.name not in foundations]
    unnamed, staying = unnamed_endpoints.find(settings, stages(settings, options.config), client)
    lines = [_render(settings, removed, unnamed, to_remove), *kept.values(), *staying]
    print("\n".join(lines), flush=True)
    if not options.yes and not _confirm(settings):
        print("nothing was removed")
        return 1
    _remove_stacks(client("cloudformation"), [stack for stack in to_remove if stack.template in FIRST])
    for stage in removed:
        _endpoint(stage.layers, options.config)
    for stage in unnamed:
        deletion.delete(Context(stage, client, lambda line: print(line, flush=True)), True, None)
    print(delete.delete(settings, client("sagemaker"), True, None)[0], flush=True)
    _remove_stacks(client("cloudformation"), [stack for stack in to_remove if stack.template not in FIRST])
    for stage in removed:
        for line in retained_resources.remove(stage, client):
            print(line, flush=True)
    print(REMAINDER.format(group=settings.project.group))
    return 0


def _split(all_stages: Sequence[Settings], others: Mapping[str, set[str]]) -> tuple[list[Settings], dict[str, str]]:
    """Those to remove, and those to keep, with the reason: another environment's delivery uses them as well."""
    kept = {}
    for stage in all_stages:
        users = [name for name, buckets in others.items() if stage.bucket in buckets]
        if users:
            kept[stage.env] = f"{stage.env} stays as it is: stack {users[0]} releases to it as well"
    return [stage for stage in all_stages if stage.env not in kept], kept


def _others(cloudformation: Any, settings: Settings) -> dict[str, set[str]]:
    """The deploy stacks of this project's other environments, each with its parameters, which name the buckets."""
    others = {}
    for page in cloudformation.get_paginator("describe_stacks").paginate():
        for stack in page["Stacks"]:
            name = stack["StackName"]
            of_project = name.startswith(f"{settings.project.name}-") and name.endswith("-deploy")
            if of_project and name != name_of(settings, "deploy"):
                others[name] = {parameter.get("ParameterValue", "") for parameter in stack.get("Parameters", [])}
    return others


def _render(
    settings: Settings, all_stages: Sequence[Settings], unnamed: Sequence[Settings], to_remove: Sequence[Stack]
) -> str:
    lines = [f"in account {settings.require_account()}, region {settings.aws.region}, this removes for good:"]
    lines += [f"  stack {stack.name}" for stack in to_remove]
    resources = "with its configs, models, alarms, dashboard and scaling"
    lines += [f"  endpoint {stage.endpoint_name} {resources}" for stage in all_stages]
    lines += [f"  endpoint {stage.endpoint_name}, which no settings name, {resources}" for stage in unnamed]
    lines += [f"  SageMaker pipeline {settings.pipeline_name}"]
    content = "data, models, captured requests, records of releases; those of its artifacts and access logs"
    lines += [f"  bucket {stage.bucket}: {content}" for stage in all_stages]
    return "\n".join([*lines, "  queues, image repositories, logs and reports of builds; keys after a waiting period"])


def _confirm(settings: Settings) -> bool:
    if not sys.stdin.isatty():
        raise UsageProblem("teardown asks for confirmation, and nobody can answer here: add --yes to remove all")
    try:
        return input(f"To confirm, type the name {settings.pipeline_name}: ").strip() == settings.pipeline_name
    except EOFError:
        return False


def _endpoint(env: str, folder: Path) -> None:
    if deploy.main(["--env", env, "--config", str(folder), "--delete", "--yes"]):
        raise Problem(f"the endpoint of {env} could not be deleted: fix the error above, then run teardown again")


def _remove_stacks(cloudformation: Any, to_remove: Sequence[Stack]) -> None:
    for stack in to_remove:
        if status(cloudformation, stack.name):
            remove(cloudformation, stack)
            print(f"removed stack {stack.name}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
