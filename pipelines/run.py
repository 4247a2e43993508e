"""The command: ``python -m pipelines.run``. Calls the stages; imports large libraries only when needed."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aws.command_errors import INTERRUPTED, run_command
from pipelines.commit import UNKNOWN
from pipelines.options import actions, check, parser
from settings.errors import Problem

if TYPE_CHECKING:
    from pipelines.definition import Compiled
    from settings.model import Settings

TREE = Path(__file__).resolve().parent.parent
Client = Callable[[str], Any]


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parser(os.environ.get("PIPELINE_ENV") or "local")
    options = arguments.parse_args(argv)
    return run_command("pipelines-run", lambda: _check_and_run(arguments, options))


def _check_and_run(arguments: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    if not actions(options):
        arguments.print_help(sys.stderr)
    check(options)
    return _run(options)


def _run(options: argparse.Namespace) -> int:
    from settings.loader import load
    from settings.show_config import show

    folder = {"folder": options.config} if options.config else {}
    settings = load(options.env, **folder)
    if options.show_config:
        return _print(show(settings))
    try:
        return _dispatch(options, settings)
    except Problem:
        raise
    except Exception as error:
        from aws.errors import translate

        raise translate(error, settings) from error


def _dispatch(options: argparse.Namespace, settings: Settings) -> int:
    from aws.caller import clients
    from pipelines import delete, describe

    client = clients(settings)
    if options.plan or options.definition:
        return _show(options, settings, client)
    if options.describe:
        return _print(describe.describe(client("sagemaker"), settings.pipeline_name))
    if options.list:
        return _print(describe.list_executions(client("sagemaker"), settings.pipeline_name))
    if options.stop:
        return _stop(settings, client("sagemaker"), options.execution)
    if options.delete:
        text, code = delete.delete(settings, client("sagemaker"), options.yes, input if sys.stdin.isatty() else None)
        print(text)
        return code
    return _chain(options, settings, client)


def _show(options: argparse.Namespace, settings: Settings, client: Client) -> int:
    import json

    from pipelines.state import read
    from pipelines.upsert import plan

    if options.definition:  # without a call
        return _print(json.dumps(json.loads(_compile(settings).body), indent=2, ensure_ascii=False))
    settings = _with_key(settings, client)
    compiled = _compile(settings)
    return _print(plan(settings, compiled, read(client("sagemaker"), compiled.name, tags=True)).render(done=False))


def _with_key(settings: Settings, client: Client) -> Settings:
    from aws.default_key import with_default_key
    from pipelines.volume_keys import notes

    settings = with_default_key(settings, client)
    for note in notes(settings):
        print(note, file=sys.stderr, flush=True)
    return settings


def _compile(settings: Settings, commit: str = UNKNOWN) -> Compiled:
    from aws.spinner import show_spinner

    with show_spinner("compiling the definition"):
        from pipelines.definition import compile

        return compile(settings, commit=commit)


def _stop(settings: Settings, sagemaker: Any, reference: str | None) -> int:
    from pipelines import executions

    execution = executions.describe(sagemaker, executions.find(sagemaker, settings.pipeline_name, reference))
    if not execution.running:
        return _print(f"nothing to stop: execution {execution.id} is {execution.status}")
    executions.stop(sagemaker, execution.arn)
    return _print(f"stopping execution {execution.id}: running jobs end within minutes (--wait shows when)")


def _chain(options: argparse.Namespace, settings: Settings, client: Client) -> int:
    from pipelines import executions

    arn = None
    if options.upsert or options.start:
        arn = _upsert_and_start(options, settings, client)
    if not options.wait:
        return 0
    arn = arn or executions.find(client("sagemaker"), settings.pipeline_name, options.execution)
    return _wait(options, client, arn)


def _upsert_and_start(options: argparse.Namespace, settings: Settings, client: Client) -> str | None:
    from pipelines.arguments import parse_values
    from pipelines.declarations import declarations
    from pipelines.start import start
    from pipelines.upsert import upsert
    from pipelines.volume_keys import check_start

    values = parse_values(options.parameters or [], list(declarations(settings).values())) if options.start else {}
    compiled = _compile(settings, options.commit or UNKNOWN)
    settings, before = _with_key(settings, client), settings
    compiled = compiled if settings is before else _compile(settings, options.commit or UNKNOWN)
    check_start(settings, values)
    if options.upsert:
        _print(upsert(settings, compiled, client).render(done=True))
    if not options.start:
        return None
    started = start(client, compiled, values, TREE)
    _print(started.render(compiled.name))
    return started.arn


def _wait(options: argparse.Namespace, client: Client, arn: str) -> int:
    from pipelines.wait import resume_command, wait

    try:
        return wait(client, arn)
    except Problem:
        raise
    except BaseException as error:
        resume = resume_command(options.env, options.config, arn)
        print(f"\nstopped waiting; the run itself continues. To wait again:\n  {resume}", file=sys.stderr)
        if isinstance(error, KeyboardInterrupt):
            return INTERRUPTED
        raise


def _print(text: str) -> int:
    print(text, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
