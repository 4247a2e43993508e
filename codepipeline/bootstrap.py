"""``python -m codepipeline.bootstrap --env ENV``: creates or updates the stacks of an environment's delivery.

Prints what it will do, then does it with the AWS CLI, stack by stack. Run again, it changes what changed and nothing
else.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from aws.caller import clients
from aws.command_errors import run_in_environment
from aws.environment_parser import environment_parser
from codepipeline import instance_quotas, job_logs, raw_data, start_object
from codepipeline.aws_cli import AwsCli, as_arguments
from codepipeline.cloudformation import FAILED_CREATION, NO_STACK, blocked, failure, remove, status
from codepipeline.stack_checks import check
from codepipeline.stacks import FOLDER, Stack, optional, releases, stacks, stages
from codepipeline.zones import with_zones
from settings.errors import Problem, SettingsProblem
from settings.loader import load
from settings.model import Settings


def main(argv: Sequence[str] | None = None) -> int:
    return run_in_environment(_bootstrap, _parser().parse_args(argv))


def _parser() -> argparse.ArgumentParser:
    parser = environment_parser("codepipeline.bootstrap", __doc__, "the environment that builds models")
    parser.add_argument("--network", action="store_true", help="with a VPC of its own; see network.yml")
    parser.add_argument("--plan", action="store_true", help="print what would be done, and do nothing")
    return parser


def _bootstrap(options: argparse.Namespace) -> int:
    settings = load(options.env, options.config)
    desired = stacks(settings, options.config, network=options.network)
    has_releases = releases(settings, options.config)
    check(settings, stages(settings, options.config), releases=has_releases)
    client = clients(settings)
    cli = AwsCli(settings)
    if problem := raw_data.problem(settings, client("s3")) if has_releases else "":
        raise SettingsProblem(problem)
    current = {stack.name: status(client("cloudformation"), stack.name) for stack in desired}
    if options.network and current[desired[0].name] in (*NO_STACK, *FAILED_CREATION):
        desired[0] = with_zones(desired[0], client("ec2"), settings.aws.region)
    off = [stack for stack, enabled in optional(settings, options.config) if not enabled]
    unwanted = [stack for stack in off if status(client("cloudformation"), stack.name)]
    log_groups = job_logs.read(client("logs"))
    reminder = raw_data.reminder(settings, client("s3"), cli)
    endpoints = stages(settings, options.config)
    lines = [_render(settings, desired, current), *(f"  delete stack {stack.name}: it is off" for stack in unwanted)]
    lines += [*job_logs.render(log_groups)]
    lines += [*instance_quotas.notes(settings, endpoints, client), *([reminder] if reminder else [])]
    print("\n".join(lines), flush=True)
    if options.plan:
        return 0
    if reasons := [reason for name, now in current.items() if (reason := blocked(name, now))]:
        raise Problem(reasons[0])
    job_logs.create(client("logs"), log_groups)
    for stack in desired:
        if stack.template == "deploy.yml":
            start_object.put(settings, client("s3"))
        _deploy(stack, current[stack.name], cli, client("cloudformation"))
    for stack in unwanted:
        remove(client("cloudformation"), stack)
    print("\n".join([_next_steps(settings, has_releases), *([reminder] if reminder else [])]))
    return 0


def _render(settings: Settings, desired: Sequence[Stack], current: Mapping[str, str]) -> str:
    lines = [f"account {settings.require_account()}, region {settings.aws.region}:"]
    for stack in desired:
        lines.append(f"  {_action(current[stack.name])} stack {stack.name} from {FOLDER}/{stack.template}")
        lines += [f"      {name} = {value}" for name, value in stack.parameters.items() if value]
    return "\n".join(lines)


def _action(current: str) -> str:
    if current in FAILED_CREATION:
        return f"delete (it is {current}), then create"
    return "create" if current in NO_STACK else "update, if anything changed,"


def _deploy(stack: Stack, current: str, cli: AwsCli, cloudformation: Any) -> None:
    if current in FAILED_CREATION:
        remove(cloudformation, stack)
    arguments = ["cloudformation", "deploy", "--stack-name", stack.name, "--template-file", str(stack.path)]
    arguments += ["--capabilities", "CAPABILITY_NAMED_IAM", "--no-fail-on-empty-changeset"]
    arguments += ["--parameter-overrides", *as_arguments(stack.parameters)]
    if stack.tags:
        arguments += ["--tags", *as_arguments(stack.tags)]
    if cli.run(*arguments):
        raise Problem(f"stack {stack.name} could not be deployed{failure(cloudformation, stack.name)}")
    if stack.holds_data:
        cloudformation.update_termination_protection(StackName=stack.name, EnableTerminationProtection=True)


def _next_steps(settings: Settings, has_releases: bool) -> str:
    name = settings.pipeline_name
    if not has_releases:
        return (
            f"ready: `python -m pipelines.run --env {settings.layers} --upsert --start` builds models here; nothing of "
            f"the group {settings.project.group} is released, so there are no pipelines that build and deploy"
        )
    return (
        f"ready: a push to {settings.delivery.branch} of {settings.delivery.repository} starts {name}-build, "
        f"approving a package of {settings.project.group} starts {name}-deploy"
    )


if __name__ == "__main__":
    sys.exit(main())
