"""How every command ends: one sentence on what went wrong, whatever it was, and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from settings.errors import Problem

INTERRUPTED = 130
ROOMS = ("aws", "codepipeline", "pipelines", "rehearsal", "release", "scripts", "settings")


def ended(name: str, run: Callable[[], int], *, interrupted: str = "interrupted") -> int:
    """``name`` is the command's, for the file that keeps the trace of a defect."""
    try:
        return run()
    except Problem as problem:
        print(f"error: {problem}", file=sys.stderr)
        return problem.exit_code
    except KeyboardInterrupt:
        print(f"\n{interrupted}", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except ModuleNotFoundError as error:
        print(f"error: {_missing(name, error)}", file=sys.stderr)
        return 1
    except Exception as error:  # noqa: BLE001 - a defect of ours: still one line
        print(f"error: unexpected {_defect(name, error)}", file=sys.stderr)
        return 1


def _missing(name: str, error: ModuleNotFoundError) -> str:
    """Mostly that the command runs with another Python than that of .venv."""
    if (error.name or "").partition(".")[0] in ROOMS:
        return f"unexpected {_defect(name, error)}"
    return f"{error.name} is not installed for {sys.executable}: `make setup`, then `source .venv/bin/activate`"


def _defect(name: str, error: Exception) -> str:
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix=f"{name}-", suffix=".txt", delete=False) as file:
        traceback.print_exception(error, file=file)
    return f"{type(error).__name__}: {' '.join(str(error).split())} (report this with {file.name})"
