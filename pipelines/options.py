"""The options of the command, and which of them combine."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from aws.environment_options import add_environment_options
from settings.errors import UsageProblem

COMBINABLE = ("upsert", "start", "wait")  # combine, in this order
EXCLUSIVE = ("plan", "definition", "show_config", "describe", "list", "stop", "delete")
REQUIRES = {"parameters": ("start",), "execution": ("wait", "stop"), "yes": ("delete",), "commit": ("upsert",)}


def parser(environment: str) -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="python -m pipelines.run",
        description="Build, start and watch the pipeline that makes a model.",
        epilog="--upsert, --start and --wait combine; every other action is exclusive.",
        allow_abbrev=False,
    )
    add_environment_options(top, environment)
    read = top.add_argument_group("read-only actions")
    read.add_argument("--plan", action="store_true", help="what --upsert would change")
    read.add_argument("--definition", action="store_true", help="the pipeline definition as JSON; needs no AWS")
    read.add_argument(
        "--show-config", action="store_true", help="the settings and which file each comes from; needs no AWS"
    )
    read.add_argument("--describe", action="store_true", help="the pipeline at AWS, its parameters and last executions")
    read.add_argument("--list", action="store_true", help="the newest executions")
    write = top.add_argument_group("actions that write")
    write.add_argument(
        "--upsert", action="store_true", help="create or update the pipeline; prints which, and the difference"
    )
    write.add_argument(
        "--commit", metavar="SHA", help="for --upsert, by a build: the tested commit, which the packages of runs record"
    )
    write.add_argument("--start", action="store_true", help="start an execution")
    write.add_argument("--parameters", nargs="+", action="extend", metavar="NAME=VALUE", help="for --start")
    write.add_argument(
        "--wait", action="store_true", help="follow an execution to its end; exit code 0 only if it succeeded"
    )
    write.add_argument("--execution", metavar="ARN", help="for --wait and --stop: ARN or id; default: the newest")
    write.add_argument("--stop", action="store_true", help="stop an execution")
    write.add_argument("--delete", action="store_true", help="delete the pipeline; asks first")
    write.add_argument("--yes", action="store_true", help="for --delete: do not ask")
    return top


def _selected(options: argparse.Namespace, names: Sequence[str]) -> list[str]:
    return [f"--{name.replace('_', '-')}" for name in names if getattr(options, name)]


def actions(options: argparse.Namespace) -> list[str]:
    return _selected(options, (*COMBINABLE, *EXCLUSIVE))


def check(options: argparse.Namespace) -> None:
    exclusive, selected = _selected(options, EXCLUSIVE), actions(options)
    if not selected:
        raise UsageProblem("nothing to do: name an action, such as --plan, which changes nothing; --help lists them")
    if exclusive and len(selected) > 1:
        others = " ".join(action for action in selected if action != exclusive[0])
        raise UsageProblem(f"{exclusive[0]} cannot be combined: call it without {others}")
    for option, required in REQUIRES.items():
        if _selected(options, [option]) and not _selected(options, required):
            raise UsageProblem(f"--{option} goes with {' or '.join(f'--{name}' for name in required)} only")
    if options.execution and options.start:
        raise UsageProblem("--execution names an existing run, --start starts a new one: omit one of them")
    if options.wait and options.upsert and not options.start:
        raise UsageProblem("--upsert starts no run to wait for: add --start, or omit --wait")
