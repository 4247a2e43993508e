"""``python -m codepipeline.bootstrap --env ENV``: the stacks of an environment's delivery, made or brought up to date.

Says what it will do, then does it with the AWS CLI, stack after stack. Run again, it changes what changed and nothing
else.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aws import sessions
from aws.command_errors import run_in_environment
from codepipeline.aws_cli import AwsCli, parameter_words
from codepipeline.cloudformation import UNFINISHED, UNMADE, reason, remove, status, unchangeable
from codepipeline.stack_checks import require
from codepipeline.stacks import SHOWN, Stack, releases, stacks, stages
from settings.environments import CONFIG
from settings.errors import Problem
from settings.loader import load
from settings.model import Settings


def main(argv: Sequence[str] | None = None) -> int:
    return run_in_environment(_bootstrap, _parser(os.environ.get("PIPELINE_ENV") or "local").parse_args(argv))


def _parser(environment: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m codepipeline.bootstrap", description=__doc__, allow_abbrev=False)
    parser.add_argument("--env", default=environment, help="where models are made (now: %(default)s)")
    parser.add_argument("--config", type=Path, default=CONFIG, metavar="DIR", help="folder of the settings")
    parser.add_argument("--network", action="store_true", help="a VPC of its own as well; see network.yml")
    parser.add_argument("--plan", action="store_true", help="say what would be done, and do nothing")
    return parser


def _bootstrap(options: argparse.Namespace) -> int:
    settings = load(options.env, options.config)
    wanted = stacks(settings, options.config, network=options.network)
    goes_on = releases(settings, options.config)
    require(settings, stages(settings, options.config), releases=goes_on)
    cli, cloudformation = AwsCli(settings), sessions.client(settings, "cloudformation")
    there = {stack.name: status(cloudformation, stack.name) for stack in wanted}
    print(_told(settings, wanted, there), flush=True)
    if options.plan:
        return 0
    if found := [sentence for name, now in there.items() if (sentence := unchangeable(name, now))]:
        raise Problem(found[0])
    for stack in wanted:
        _deploy(stack, there[stack.name], cli, cloudformation)
    print(_next(settings, goes_on))
    return 0


def _told(settings: Settings, wanted: Sequence[Stack], there: Mapping[str, str]) -> str:
    lines = [f"account {settings.require_account()}, region {settings.aws.region}:"]
    for stack in wanted:
        lines.append(f"  {_what(there[stack.name])} stack {stack.name} from {SHOWN}/{stack.template}")
        lines += [f"      {name} = {value}" for name, value in stack.parameters.items() if value]
    return "\n".join(lines)


def _what(there: str) -> str:
    if there in UNFINISHED:
        return f"delete (it is {there}), then create"
    return "create" if there in UNMADE else "update, if anything changed,"


def _deploy(stack: Stack, there: str, cli: AwsCli, cloudformation: Any) -> None:
    if there in UNFINISHED:
        remove(cloudformation, stack)
    words = ["cloudformation", "deploy", "--stack-name", stack.name, "--template-file", str(stack.path)]
    words += ["--capabilities", "CAPABILITY_NAMED_IAM", "--no-fail-on-empty-changeset"]
    words += ["--parameter-overrides", *parameter_words(stack.parameters)]
    if stack.tags:
        words += ["--tags", *parameter_words(stack.tags)]
    if cli.run(*words):
        raise Problem(f"stack {stack.name} could not be deployed{reason(cloudformation, stack.name)}")
    if stack.holds_data:
        cloudformation.update_termination_protection(StackName=stack.name, EnableTerminationProtection=True)


def _next(settings: Settings, goes_on: bool) -> str:
    name = settings.pipeline_name
    if not goes_on:
        return (
            f"ready: `python -m pipelines.run --env {settings.layers} --upsert --start` makes models here; nothing of "
            f"the group {settings.project.group} is released, so there are no pipelines that build and deploy"
        )
    return (
        f"ready: a push to {settings.delivery.branch} of {settings.delivery.repository} starts {name}-build, "
        f"approving a package of {settings.project.group} starts {name}-deploy"
    )


if __name__ == "__main__":
    sys.exit(main())
