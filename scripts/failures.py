"""Ends a failed step: one sentence where SageMaker reads the reason, and a non-zero exit code.

A training job's reason is read from ``<output dir>/failure``, a processing job's from ``/opt/ml/output/message``.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

MOST_QUOTED = 40  # characters
HIDDEN = ContextVar("HIDDEN", default=False)


class UserError(Exception):
    """An error that the user can fix; the message is one sentence: what, where, what next."""


class SettingNeeded(UserError):
    """One that a setting resolves: ``settings`` are values that would, by their paths; those of lists are added."""

    def __init__(self, sentence: str, settings: Mapping[str, Any]) -> None:
        super().__init__(sentence)
        self.settings = settings


@contextmanager
def hiding_values(hidden: bool) -> Iterator[None]:
    """Messages quote no values of the data: in a damaged row, any cell may hold a private one."""
    token = HIDDEN.set(hidden)
    try:
        yield
    finally:
        HIDDEN.reset(token)


def quote(value: object) -> str:
    """A value of the data in a sentence: its beginning, without characters that control a terminal."""
    if HIDDEN.get():
        return "(not shown)"
    text = str(value)
    shown = "".join(character if character.isprintable() else "\ufffd" for character in text[:MOST_QUOTED])
    return shown if len(text) <= MOST_QUOTED else f"{shown}..."


def report(step: Callable[[], None], message_file: Path | None) -> int:
    """Runs a step; writes the reason of a failure to ``message_file`` and stderr. Returns the exit code."""
    try:
        step()
    except UserError as error:
        return _fail(str(error), message_file)
    except MemoryError:
        return _fail("out of memory: choose an instance type with more memory for this step", message_file)
    except Exception as error:  # noqa: BLE001 - a defect: the traceback is in the log, the reason is one line
        traceback.print_exc()
        return _fail(f"unexpected {type(error).__name__}: {error} (the traceback is in the log)", message_file)
    return 0


def _fail(sentence: str, message_file: Path | None) -> int:
    line = " ".join(sentence.split())
    print(f"ERROR: {line}", file=sys.stderr, flush=True)
    if message_file is not None:
        try:
            message_file.parent.mkdir(parents=True, exist_ok=True)
            message_file.write_bytes(line.encode()[:1000].decode(errors="ignore").encode())  # SageMaker keeps 1 KB
        except OSError as error:  # the disk may be full
            print(f"ERROR: the reason could not be written to {message_file}: {error}", file=sys.stderr, flush=True)
    return 1
