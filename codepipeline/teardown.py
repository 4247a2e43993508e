"""``python -m codepipeline.teardown --env ENV``: removes what bootstrap and the releases made, data included.

Says what it will remove and asks; at the end it lists what is left, and what that costs.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from codepipeline import leftovers
from codepipeline.bootstrap import status
from codepipeline.command import ended
from codepipeline.deploy import command as deploy
from codepipeline.stacks import Stack, stacks, stages
from pipelines import delete, sessions
from pipelines.errors import Problem, UsageProblem
from pipelines.settings import CONFIG, Settings, load

LEFT = """what is left, and what it costs:
  the packages of the model group {group} and the history of executions: nothing, but their models are gone
  the logs of jobs and endpoints under /aws/sagemaker: about 0.03 USD per GB and month, until you delete them
  keys that wait for their deletion: nothing"""


def main(argv: Sequence[str] | None = None) -> int:
    return ended(_teardown, _parser(os.environ.get("PIPELINE_ENV") or "local").parse_args(argv))


def _parser(environment: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m codepipeline.teardown", description=__doc__, allow_abbrev=False)
    parser.add_argument("--env", default=environment, help="as given to bootstrap (now: %(default)s)")
    parser.add_argument("--config", type=Path, default=CONFIG, metavar="DIR", help="folder of the settings")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    return parser


def _teardown(options: argparse.Namespace) -> int:
    settings = load(options.env, options.config)
    client = cache(partial(sessions.client, settings))
    all_stages = stages(settings, options.config)
    made = list(reversed(stacks(settings, options.config, network=True)))
    deployed = [load(env, options.config) for env in (settings.delivery.staging, settings.delivery.production)]
    print(_told(settings, all_stages, deployed, made))
    if not options.yes and not _agreed(settings):
        print("nothing was removed")
        return 1
    for each in deployed:
        _endpoint(each.layers, options.config)
    print(delete.delete(settings, client("sagemaker"), True, None)[0])
    for stack in made:
        _remove_stack(client("cloudformation"), stack)
    for stage in all_stages:
        for removed in leftovers.remove(stage, client):
            print(f"removed {removed}", flush=True)
    print(LEFT.format(group=settings.project.group))
    return 0


def _told(settings: Settings, all_stages: list[Settings], deployed: list[Settings], made: list[Stack]) -> str:
    lines = [f"in account {settings.require_account()}, region {settings.aws.region}, this removes for good:"]
    lines += [f"  endpoint {each.endpoint_name} with its configs, models, alarms and scaling" for each in deployed]
    lines += [f"  SageMaker pipeline {settings.pipeline_name}"]
    lines += [f"  stack {stack.name}" for stack in made]
    lines += [f"  bucket {stage.bucket}: data, models, captured requests, records of releases" for stage in all_stages]
    return "\n".join([*lines, "  queues, image repositories, logs of builds; keys after a waiting time"])


def _agreed(settings: Settings) -> bool:
    if not sys.stdin.isatty():
        raise UsageProblem("teardown asks first, and nobody can answer here: add --yes to remove all of this")
    try:
        return input(f"To agree, write the name {settings.pipeline_name}: ").strip() == settings.pipeline_name
    except EOFError:
        return False


def _endpoint(env: str, folder: Path) -> None:
    if deploy.main(["--env", env, "--config", str(folder), "--delete", "--yes"]):
        raise Problem(f"the endpoint of {env} could not be deleted: mend what is said above, then run teardown again")


def _remove_stack(cloudformation: Any, stack: Stack) -> None:
    if not status(cloudformation, stack.name):
        return
    cloudformation.update_termination_protection(StackName=stack.name, EnableTerminationProtection=False)
    cloudformation.delete_stack(StackName=stack.name)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack.name, WaiterConfig={"Delay": 2})
    print(f"removed stack {stack.name}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
