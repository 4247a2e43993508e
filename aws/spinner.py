"""A spinner on the terminal while the SDK loads; nothing where stderr is no terminal."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext


def show_spinner(label: str) -> AbstractContextManager[object]:
    if not sys.stderr.isatty():
        return nullcontext()
    from rich.console import Console

    return Console(stderr=True).status(f"{label} ...")
