"""``python -m codepipeline.bootstrap --env ENV``: the stacks of an environment's delivery, made or brought up to date.

Says what it will do, then does it with the AWS CLI, stack after stack. Run again, it changes what changed and nothing
else.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from codepipeline.aws_cli import AwsCli, parameter_words
from codepipeline.command import ended
from codepipeline.stacks import SHOWN, Stack, stacks
from pipelines import sessions
from pipelines.errors import Problem, SettingsProblem
from pipelines.settings import CONFIG, Settings, load

UNFINISHED = ("ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS", "ROLLBACK_FAILED", "CREATE_FAILED")


def main(argv: Sequence[str] | None = None) -> int:
    return ended(_bootstrap, _parser(os.environ.get("PIPELINE_ENV") or "local").parse_args(argv))


def _parser(environment: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m codepipeline.bootstrap", description=__doc__, allow_abbrev=False)
    parser.add_argument("--env", default=environment, help="where models are made (now: %(default)s)")
    parser.add_argument("--config", type=Path, default=CONFIG, metavar="DIR", help="folder of the settings")
    parser.add_argument("--network", action="store_true", help="a VPC of its own as well; see network.yml")
    parser.add_argument("--plan", action="store_true", help="say what would be done, and do nothing")
    return parser


def _bootstrap(options: argparse.Namespace) -> int:
    settings = load(options.env, options.config)
    _require(settings)
    wanted = stacks(settings, options.config, network=options.network)
    cli, cloudformation = AwsCli(settings), sessions.client(settings, "cloudformation")
    there = {stack.name: status(cloudformation, stack.name) for stack in wanted}
    print(f"account {settings.require_account()}, region {settings.aws.region}:")
    for stack in wanted:
        print(_told(stack, there[stack.name]), flush=True)
    if options.plan:
        return 0
    for stack in wanted:
        _deploy(stack, there[stack.name], cli, cloudformation)
    print(_next(settings))
    return 0


def _require(settings: Settings) -> None:
    """What a pipeline without cannot have, said before anything is made."""
    if not settings.delivery.repository:
        raise SettingsProblem(f"{settings.file}: delivery.repository is not set: name the repository that is built")
    if settings.delivery.source == "connection" and not settings.delivery.connection_arn:
        raise SettingsProblem(
            f"{settings.file}: delivery.connection_arn is not set: make a connection to your Git host in the console "
            '(Developer Tools, Connections) and put its ARN there, or set delivery.source = "codecommit"'
        )


def status(cloudformation: Any, name: str) -> str:
    """ "" without such a stack."""
    try:
        return str(cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
    except cloudformation.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return ""
        raise


def _told(stack: Stack, there: str) -> str:
    what = "update, if anything changed," if there and there not in UNFINISHED else "create"
    values = "".join(f"\n      {name} = {value}" for name, value in stack.parameters.items() if value)
    return f"  {what} stack {stack.name} from {SHOWN}/{stack.template}{values}"


def _deploy(stack: Stack, there: str, cli: AwsCli, cloudformation: Any) -> None:
    if there in UNFINISHED:  # its first creation failed: such a stack can only be deleted
        cloudformation.update_termination_protection(StackName=stack.name, EnableTerminationProtection=False)
        cloudformation.delete_stack(StackName=stack.name)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack.name)
    words = ["cloudformation", "deploy", "--stack-name", stack.name, "--template-file", str(stack.path)]
    words += ["--capabilities", "CAPABILITY_NAMED_IAM", "--no-fail-on-empty-changeset"]
    words += ["--parameter-overrides", *parameter_words(stack.parameters)]
    if stack.tags:
        words += ["--tags", *parameter_words(stack.tags)]
    if cli.run(*words):
        raise Problem(f"stack {stack.name} could not be deployed{_reason(cloudformation, stack.name)}")
    if stack.holds_data:
        cloudformation.update_termination_protection(StackName=stack.name, EnableTerminationProtection=True)


def _reason(cloudformation: Any, name: str) -> str:
    """The first failure of the last attempt: what came after it are consequences."""
    try:
        events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    except cloudformation.exceptions.ClientError:
        return "; what the AWS CLI said above tells why"
    begun = next((at for at, event in enumerate(events) if _begins(event)), len(events))
    failed = [event for event in events[:begun] if event["ResourceStatus"].endswith("_FAILED")]
    if not failed:
        return "; what the AWS CLI said above tells why"
    return f": {failed[-1]['LogicalResourceId']}: {failed[-1].get('ResourceStatusReason', 'no reason given')}"


def _begins(event: dict[str, Any]) -> bool:
    whole = event["PhysicalResourceId"] == event["StackId"]
    return whole and event["ResourceStatus"] in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS")


def _next(settings: Settings) -> str:
    name = settings.pipeline_name
    return (
        f"ready: a push to {settings.delivery.branch} of {settings.delivery.repository} starts {name}-build, "
        f"approving a package of {settings.project.group} starts {name}-deploy"
    )


if __name__ == "__main__":
    sys.exit(main())
