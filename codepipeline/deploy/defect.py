"""A defect of ours: one line for the terminal, the trace in a file to report."""

from __future__ import annotations

import tempfile
import traceback


def defect(error: Exception) -> str:
    with tempfile.NamedTemporaryFile("w", prefix="codepipeline-deploy-", suffix=".txt", delete=False) as file:
        traceback.print_exception(error, file=file)
    return f"{type(error).__name__}: {' '.join(str(error).split())} (report this with {file.name})"
