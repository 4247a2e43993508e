"""The options of the command, and which of them go together."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from aws.environment_options import add_environment_options
from settings.errors import UsageProblem

ACTIONS = ("package", "rollback", "abort", "status", "watch", "smoke", "delete")
NEEDS = {
    "plan": ("package", "rollback"),
    "now": ("package", "rollback"),
    "replace": ("package", "rollback"),
    "accept": ("package",),
    "expect": ("smoke",),
    "yes": ("delete",),
}
CODES = (
    "exit codes: 0 shipped or unchanged, 1 refused, 2 usage, 3 rolled back, 4 inconclusive, 5 failed, 130 interrupted"
)


def parser(environment: str) -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="python -m codepipeline.deploy",
        description="Take one approved model package to one environment's endpoint, and judge how it went.",
        epilog=CODES,
        allow_abbrev=False,
    )
    add_environment_options(top, environment)
    inspect = top.add_argument_group("inspect (nothing is changed)")
    inspect.add_argument("--plan", action="store_true", help="with --package or --rollback: the exact requests, unsent")
    inspect.add_argument(
        "--status", action="store_true", help="what is live, what is under way, alarms, the latest verdicts"
    )
    inspect.add_argument(
        "--watch", action="store_true", help="follow the release under way, from any terminal; ends with its verdict"
    )
    inspect.add_argument("--smoke", action="store_true", help="send recorded requests, check the contract of responses")
    inspect.add_argument("--expect", metavar="ARN", help="for --smoke: fail unless this is the package that is live")
    change = top.add_argument_group("change")
    change.add_argument("--package", metavar="ARN", help="deploy this model package, or follow its rollout to the end")
    change.add_argument("--rollback", action="store_true", help="deploy the last good package again, the same way")
    change.add_argument("--now", action="store_true", help="all traffic at once: for emergencies")
    change.add_argument(
        "--replace", action="store_true", help="take the autoscaling off first, as a new instance type requires"
    )
    change.add_argument(
        "--accept",
        metavar="REASON",
        help="with --package: take responsibility for its verdict; deploys nothing, is recorded with your name",
    )
    change.add_argument(
        "--abort", metavar="REASON", help="have the deployment under way taken back; is recorded with your name"
    )
    change.add_argument("--delete", action="store_true", help="delete the endpoint and its resources; asks first")
    change.add_argument("--yes", action="store_true", help="for --delete: do not ask")
    return top


def flags(options: argparse.Namespace, names: Sequence[str] = ACTIONS) -> list[str]:
    """Those that were given, even as "", which is what an unset shell variable gives."""
    return [f"--{name}" for name in names if getattr(options, name) not in (None, False)]


def check(options: argparse.Namespace) -> None:
    actions = flags(options)
    if not actions:
        raise UsageProblem("nothing to do: name an action; --status is a harmless first one, --help lists them all")
    if len(actions) > 1:
        raise UsageProblem(f"{actions[0]} excludes other actions: use it without {' '.join(actions[1:])}")
    for option, companions in NEEDS.items():
        if flags(options, (option,)) and not flags(options, companions):
            raise UsageProblem(f"--{option} goes with {' or '.join(f'--{name}' for name in companions)} only")
    _check_acceptance(options)
    if options.abort is not None and not options.abort.strip():
        raise UsageProblem('--abort needs a reason, for those who read the verdict later: --abort "why it is wrong"')
    for option in ("package", "expect"):
        arn = getattr(options, option)
        if arn is not None and ":model-package/" not in arn:
            raise UsageProblem(f"--{option} is {arn!r}: give the ARN of a model package, arn:aws:sagemaker:...")


def _check_acceptance(options: argparse.Namespace) -> None:
    if options.accept is None:
        return
    if not options.accept.strip():
        raise UsageProblem('--accept needs a reason, for those who read the record later: --accept "why it is right"')
    if others := flags(options, ("plan", "now", "replace")):
        raise UsageProblem(f"--accept deploys nothing: use it without {' '.join(others)}, then deploy with --package")
