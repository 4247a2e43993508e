"""``python -m release.approve``: shows what waits for a person's approval, and gives the answer.

An approved package is released: to staging, and then it waits again, for the approval of production. Both answers keep
their reason and who gave them: a package in its approval description, a release in the summary of its approval.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any

from aws.caller import clients
from aws.command_errors import run_in_environment
from aws.environment_parser import environment_parser
from release import pending, pending_list
from release.names import short
from release.pending import PendingRelease
from settings.errors import Problem, UsageProblem
from settings.loader import load
from settings.model import Settings

LONGEST_REASON = 300  # CodePipeline keeps 512 characters, with the caller's ARN
STATUS = {"approve": "Approved", "reject": "Rejected"}
Client = Callable[[str], Any]


def main(argv: Sequence[str] | None = None) -> int:
    return run_in_environment(_run, _parser().parse_args(argv))


def _parser() -> argparse.ArgumentParser:
    parser = environment_parser("release.approve", __doc__, "as given to bootstrap")
    answers = parser.add_mutually_exclusive_group()
    answers.add_argument(
        "--approve", metavar="PACKAGE", help="the package, or its release that waits: churn/7 or an ARN"
    )
    answers.add_argument("--reject", metavar="PACKAGE", help="likewise; changes no endpoint")
    parser.add_argument("--reason", default="", metavar="TEXT", help="why: it is kept with your name")
    return parser


def _run(options: argparse.Namespace) -> int:
    answer = next((word for word in STATUS if getattr(options, word) is not None), "")
    reason = " ".join(options.reason.split())
    _check(answer, reason)
    settings = load(options.env, options.config)
    client = clients(settings)
    if answer:
        print(_answer(settings, client, answer, _arn(settings, getattr(options, answer)), reason))
    else:
        print(pending_list.render(settings, client))
    return 0


def _check(answer: str, reason: str) -> None:
    if reason and not answer:
        raise UsageProblem("--reason goes with --approve or --reject only; without all three, what waits is listed")
    if answer and not reason:
        raise UsageProblem(f'--{answer} needs a reason, for those who read it later: --reason "why it is right"')
    if len(reason) > LONGEST_REASON:
        raise UsageProblem(f"the reason has {len(reason)} characters, and {LONGEST_REASON} are kept: shorten it")


def _arn(settings: Settings, package: str) -> str:
    if ":model-package/" in package:
        return package
    group, _, version = package.rpartition("/")
    if not version.isdecimal():
        raise UsageProblem(f"{package!r} is no package: write {settings.project.group}/7, or an ARN")
    where = f"arn:{settings.aws.partition}:sagemaker:{settings.aws.region}:{settings.account}"
    return f"{where}:model-package/{group or settings.project.group}/{version}"


def _answer(settings: Settings, client: Client, answer: str, arn: str, reason: str) -> str:
    """A release is approved only when its package is: the release of any other is refused later."""
    package, status = client("sagemaker").describe_model_package(ModelPackageName=arn), STATUS[answer]
    text = f"{reason} ({status.lower()} by {client('sts').get_caller_identity()['Arn']})"
    release = _pending_release(settings, client, arn)
    approved = package["ModelApprovalStatus"] == "Approved"
    if release and (approved or answer == "reject"):
        _answer_release(settings, client, release, {"summary": text, "status": status})
        return f"release of {short(arn)} to production: {text}\n{_after_release(settings, answer, approved)}"
    if package["ModelApprovalStatus"] == status:
        given = package.get("ApprovalDescription", "no reason was given")
        raise Problem(f"{short(arn)} is {status} already ({given}), and no release of it waits: nothing to {answer}")
    sagemaker = client("sagemaker")
    sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus=status, ApprovalDescription=text)
    return f"package {short(arn)}: {text}\n{_after_package(settings, answer)}"


def _pending_release(settings: Settings, client: Client, arn: str) -> PendingRelease | None:
    releases = pending.releases(settings, client("codepipeline")) or []
    return next((release for release in releases if release.package == arn), None)


def _answer_release(settings: Settings, client: Client, release: PendingRelease, result: dict[str, str]) -> None:
    codepipeline, name = client("codepipeline"), pending.pipeline_name(settings)
    errors = codepipeline.exceptions
    where = {"pipelineName": name, "stageName": release.stage, "actionName": release.action}
    try:
        codepipeline.put_approval_result(**where, token=release.token, result=result)
    except (errors.ApprovalAlreadyCompletedException, errors.InvalidApprovalTokenException):
        raise Problem(f"somebody else has answered at {name} meanwhile: list again what waits") from None


def _after_release(settings: Settings, answer: str, approved: bool) -> str:
    if answer == "approve":
        return f"next: it is deployed; python -m codepipeline.deploy --env {settings.delivery.production} --status"
    registry = "; the package stays approved: the same command again rejects it as well" if approved else ""
    return f"production stays as it is{registry}"


def _after_package(settings: Settings, answer: str) -> str:
    if answer == "reject":
        return "it is not released; no endpoint was changed"
    where = f"{pending.pipeline_name(settings)} deploys it to staging, then waits for the approval of production"
    return f"next: {where}; python -m release.approve --env {settings.layers} shows it then"


if __name__ == "__main__":
    sys.exit(main())
