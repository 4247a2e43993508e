"""The command: ``python -m codepipeline.deploy``. Calls the stages; imports nothing heavy before it is needed."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from aws.command_errors import INTERRUPTED, run_command
from release.options import check, chosen, parser
from settings.errors import Problem

if TYPE_CHECKING:
    from release.context import Site
    from release.request import Wanted
    from release.state.deployment import Deployment
    from settings.model import Settings


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parser(os.environ.get("PIPELINE_ENV") or "local")
    options = arguments.parse_args(argv)
    return run_command("codepipeline-deploy", lambda: _checked(arguments, options))


def _checked(arguments: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    if not chosen(options):
        arguments.print_help(sys.stderr)
    check(options)
    with _terminated():
        return _run(options)


@contextmanager
def _terminated() -> Iterator[None]:
    """SIGTERM, which a build sends when it is stopped, ends as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _run(options: argparse.Namespace) -> int:
    from settings.loader import load

    folder = {"folder": options.config} if options.config else {}
    settings = load(options.env, **folder)
    try:
        return _dispatch(options, _site(settings))
    except Problem:
        raise
    except Exception as error:
        from aws.errors import translate

        raise translate(error, settings) from error


def _site(settings: Settings) -> Site:
    from aws import sessions
    from release.context import Site

    @cache
    def client(service: str) -> Any:
        return sessions.client(settings, service)

    return Site(settings, client, lambda line: print(line, flush=True))


def _dispatch(options: argparse.Namespace, site: Site) -> int:
    if options.status:
        from release.status import status

        site.say(status(site))
        return 0
    if options.smoke:
        return _smoke(site, options.expect or "")
    if options.delete:
        from release.delete import delete

        return delete(site, options.yes, input if sys.stdin.isatty() else None)
    choose = _choice(options, site)
    return _plan(site, choose) if options.plan else _release(options, site, choose)


def _choice(options: argparse.Namespace, site: Site) -> Callable[[Deployment | None], Wanted]:
    from release.request import Wanted
    from release.rollback import way_back

    wanted = Wanted(options.package or "", options.now, options.replace)
    return (lambda interrupted: way_back(site, wanted, interrupted)) if options.rollback else lambda _: wanted


def _plan(site: Site, choose: Callable[[Deployment | None], Wanted]) -> int:
    from release.plan.preflight import check_later
    from release.run import planned

    state, plan = planned(site, choose(None))
    site.say(plan.told())
    if note := check_later(site.settings, state, plan):
        site.say(note)
    return 0


def _release(options: argparse.Namespace, site: Site, choose: Callable[[Deployment | None], Wanted]) -> int:
    from release.run import release

    try:
        verdict = release(site, choose)
    except KeyboardInterrupt:
        again = f"what SageMaker has begun goes on there, watched by the alarms. To come back:\n  {come_back(options)}"
        print(f"\nno longer watching; {again}", file=sys.stderr)
        return INTERRUPTED
    site.say(str(verdict))
    return verdict.exit_code


def come_back(options: argparse.Namespace) -> str:
    """The command that goes on from wherever this one was interrupted."""
    folder = ["--config", str(options.config)] if options.config else []
    what = ["--package", options.package] if options.package else ["--rollback"]
    flags = [f"--{name}" for name in ("now", "replace") if getattr(options, name)]
    return shlex.join(["python", "-m", "codepipeline.deploy", "--env", options.env, *folder, *what, *flags])


def _smoke(site: Site, expected: str) -> int:
    from release.smoke import smoke
    from release.verdict.verdict import EXIT_CODES

    lines, good = smoke(site, expected)
    site.say("\n".join(lines))
    return 0 if good else EXIT_CODES["failed"]
