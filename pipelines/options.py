"""What the command accepts: its options, and which of them go together."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from settings.errors import UsageProblem

CHAIN = ("upsert", "start", "wait")  # combine, in this order
ALONE = ("plan", "definition", "show_config", "describe", "list", "stop", "delete")
NEEDS = {"parameters": ("start",), "execution": ("wait", "stop"), "yes": ("delete",)}


def parser(environment: str) -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="python -m pipelines.run",
        description="Build, start and watch the pipeline that makes a model.",
        epilog="--upsert, --start and --wait combine; every other action stands alone.",
        allow_abbrev=False,
    )
    top.add_argument(
        "--env", default=environment, help="settings overlay; default: PIPELINE_ENV, else local (now: %(default)s)"
    )
    top.add_argument(
        "--config", type=Path, metavar="DIR", help="folder of the settings; default: the repository's config/"
    )
    look = top.add_argument_group("look (nothing is written)")
    look.add_argument("--plan", action="store_true", help="what --upsert would change")
    look.add_argument("--definition", action="store_true", help="the pipeline definition as JSON; needs no AWS")
    look.add_argument(
        "--show-config", action="store_true", help="the settings and which file each comes from; needs no AWS"
    )
    look.add_argument("--describe", action="store_true", help="the pipeline at AWS, its parameters and last executions")
    look.add_argument("--list", action="store_true", help="the newest executions")
    act = top.add_argument_group("act")
    act.add_argument(
        "--upsert", action="store_true", help="create or update the pipeline; says which, and the difference"
    )
    act.add_argument("--start", action="store_true", help="start an execution")
    act.add_argument("--parameters", nargs="+", action="extend", metavar="NAME=VALUE", help="for --start")
    act.add_argument(
        "--wait", action="store_true", help="follow an execution to its end; exit code 0 only if it succeeded"
    )
    act.add_argument("--execution", metavar="ARN", help="for --wait and --stop: ARN or id; default: the newest")
    act.add_argument("--stop", action="store_true", help="stop an execution")
    act.add_argument("--delete", action="store_true", help="delete the pipeline; asks first")
    act.add_argument("--yes", action="store_true", help="for --delete: do not ask")
    return top


def _chosen(options: argparse.Namespace, names: Sequence[str]) -> list[str]:
    return [f"--{name.replace('_', '-')}" for name in names if getattr(options, name)]


def actions(options: argparse.Namespace) -> list[str]:
    return _chosen(options, (*CHAIN, *ALONE))


def check(options: argparse.Namespace) -> None:
    alone, chosen = _chosen(options, ALONE), actions(options)
    if not chosen:
        raise UsageProblem("nothing to do: name an action; --plan is a harmless first one, --help shows them all")
    if alone and len(chosen) > 1:
        others = " ".join(action for action in chosen if action != alone[0])
        raise UsageProblem(f"{alone[0]} stands alone: call it without {others}")
    for option, wanted in NEEDS.items():
        if _chosen(options, [option]) and not _chosen(options, wanted):
            raise UsageProblem(f"--{option} goes with {' or '.join(f'--{name}' for name in wanted)} only")
    if options.execution and options.start:
        raise UsageProblem("--execution names a run that exists, --start begins a new one: leave one of them out")
    if options.wait and options.upsert and not options.start:
        raise UsageProblem("--upsert starts nothing to wait for: add --start, or leave --wait out")
