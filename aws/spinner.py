"""A sign of life on the terminal while the SDK loads; nothing where nobody looks."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext


def working(what: str) -> AbstractContextManager[object]:
    if not sys.stderr.isatty():
        return nullcontext()
    from rich.console import Console

    return Console(stderr=True).status(f"{what} ...")
