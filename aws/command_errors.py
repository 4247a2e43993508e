"""Runs commands: whatever goes wrong becomes one sentence on stderr and an exit code."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from settings.errors import Problem

INTERRUPTED = 130
ROOMS = ("aws", "codepipeline", "pipelines", "rehearsal", "release", "scripts", "settings")


def run_command(name: str, run: Callable[[], int], *, interrupted: str = "interrupted") -> int:
    """``name`` names the file that keeps the traceback of a defect."""
    try:
        return run()
    except Problem as problem:
        print(f"error: {problem}", file=sys.stderr)
        return problem.exit_code
    except KeyboardInterrupt:
        print(f"\n{interrupted}", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of the output has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except ModuleNotFoundError as error:
        print(f"error: {_missing(name, error)}", file=sys.stderr)
        return 1
    except Exception as error:  # noqa: BLE001 - a defect: still one line
        print(f"error: unexpected {_defect(name, error)}", file=sys.stderr)
        return 1


@contextmanager
def sigterm_interrupts() -> Iterator[None]:
    """SIGTERM ends a command as Ctrl-C does, also where a script has started it with SIGINT ignored (``cmd &``)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def run_in_environment(run: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    """For a command with ``--env`` and ``--config``: AWS's errors become sentences too."""
    interrupted = "interrupted: run it again to go on"
    return run_command("codepipeline", lambda: _translate_errors(run, options), interrupted=interrupted)


def _translate_errors(run: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return run(options)
    except (ClientError, BotoCoreError) as error:
        from aws.errors import translate
        from settings.loader import load

        raise translate(error, load(options.env, options.config)) from error


def _missing(name: str, error: ModuleNotFoundError) -> str:
    """Usually the command runs with a Python other than that of .venv."""
    if (error.name or "").partition(".")[0] in ROOMS:
        return f"unexpected {_defect(name, error)}"
    return f"{error.name} is not installed for {sys.executable}: `make setup`, then `source .venv/bin/activate`"


def _defect(name: str, error: Exception) -> str:
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix=f"{name}-", suffix=".txt", delete=False) as file:
        traceback.print_exception(error, file=file)
    return f"{type(error).__name__}: {' '.join(str(error).split())} (report this with {file.name})"
