"""The command ``python -m codepipeline.deploy``: calls the stages; imports nothing heavy before it is needed."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from aws.command_errors import INTERRUPTED, run_command, sigterm_interrupts
from release.options import check, flags, parser
from settings.errors import Problem

if TYPE_CHECKING:
    from release.context import Context
    from release.run import Choose
    from settings.model import Settings


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parser(os.environ.get("PIPELINE_ENV") or "local")
    options = arguments.parse_args(argv)
    return run_command("codepipeline-deploy", lambda: _check_and_run(arguments, options))


def _check_and_run(arguments: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    if not flags(options):
        arguments.print_help(sys.stderr)
    check(options)
    with sigterm_interrupts():
        return _run(options)


def _run(options: argparse.Namespace) -> int:
    from settings.loader import load

    folder = {"folder": options.config} if options.config else {}
    settings = load(options.env, **folder)
    try:
        return _dispatch(options, _context(settings))
    except Problem:
        raise
    except Exception as error:
        from aws.errors import translate

        raise translate(error, settings) from error


def _context(settings: Settings) -> Context:
    from aws.caller import clients
    from release.context import Context

    return Context(settings, clients(settings), lambda line: print(line, flush=True))


def _dispatch(options: argparse.Namespace, context: Context) -> int:
    if options.status:
        from release.status import status

        context.say(status(context))
        return 0
    if options.watch:
        from release.under_way import watch
        from release.watch.table import view

        with view(context.say) as shown:
            return watch(context, shown)
    if options.smoke:
        return _smoke(context, options.expect or "")
    if options.delete:
        from release.delete import delete

        return delete(context, options.yes, input if sys.stdin.isatty() else None)
    if options.abort is not None:
        from release.abort import abort

        context.say(abort(context, " ".join(options.abort.split())))
        return 0
    context = _with_key(context)
    if options.accept is not None:
        from release.accept import accept

        context.say(accept(context, options.package, " ".join(options.accept.split())))
        return 0
    choose = _choice(options, context)
    return _plan(context, choose) if options.plan else _release(options, context, choose)


def _with_key(context: Context) -> Context:
    from dataclasses import replace

    from aws.default_key import with_default_key

    return replace(context, settings=with_default_key(context.settings, context.client))


def _choice(options: argparse.Namespace, context: Context) -> Choose:
    from release.request import ReleaseRequest
    from release.rollback import rollback_request

    request = ReleaseRequest(options.package or "", options.now, options.replace)
    if options.rollback:
        return lambda interrupted: rollback_request(context, request, interrupted)
    return lambda _: request


def _plan(context: Context, choose: Choose) -> int:
    from release.plan.preflight import check_later
    from release.run import make_plan, standing_verdict

    request = choose(None)
    state, plan = make_plan(context, request)
    context.say(plan.render())
    if verdict := standing_verdict(context, plan, request):
        context.say(str(verdict))
        return verdict.exit_code
    if note := check_later(context.settings, state, plan):
        context.say(note)
    return 0


def _release(options: argparse.Namespace, context: Context, choose: Choose) -> int:
    from release.run import release

    try:
        verdict = release(context, choose)
    except KeyboardInterrupt:
        again = f"{_meanwhile(context)}. To follow it again:\n  {resume(options)}"
        print(f"\nno longer watching; {again}", file=sys.stderr)
        return INTERRUPTED
    context.say(str(verdict))
    return verdict.exit_code


def _meanwhile(context: Context) -> str:
    from release.kinds import serving_kind

    if serving_kind(context.settings).guards_itself:
        return "SageMaker finishes the update, and nothing takes it back"
    return "SageMaker continues the rollout, guarded by the alarms"


def resume(options: argparse.Namespace) -> str:
    """The command that continues where this one was interrupted."""
    folder = ["--config", str(options.config)] if options.config else []
    action = ["--package", options.package] if options.package else ["--rollback"]
    modifiers = [f"--{name}" for name in ("now", "replace") if getattr(options, name)]
    return shlex.join(["python", "-m", "codepipeline.deploy", "--env", options.env, *folder, *action, *modifiers])


def _smoke(context: Context, expected: str) -> int:
    from release.smoke import smoke
    from release.verdict.verdict import EXIT_CODES

    lines, good = smoke(context, expected)
    context.say("\n".join(lines))
    return 0 if good else EXIT_CODES["failed"]
