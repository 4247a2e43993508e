"""Runs the code of another model's archive: a process of its own, so that two versions of its modules never meet.

``python -P champion_process.py MODEL FOLDER``, with the archive's code folder as PYTHONPATH. Answers every request in
FOLDER by the handler's functions that SageMaker's container calls; a refusal ends it with one line on stderr.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

FORMAT = "application/x-parquet"  # keeps types: no delimiter, no text of a number
REQUESTS, ANSWERS = "*.request.parquet", ".answer.parquet"


def main(model_folder: str, folder: str) -> int:
    handler = importlib.import_module("inference")
    model = handler.model_fn(model_folder)
    for request in sorted(Path(folder).glob(REQUESTS)):
        status, body = _response(handler.transform_fn(model, request.read_bytes(), FORMAT, FORMAT))
        if not status.startswith("200"):
            print(f"it refuses these rows: {_sentence(body)}", file=sys.stderr, flush=True)
            return 1
        request.with_name(request.name.partition(".")[0] + ANSWERS).write_bytes(body)
        request.unlink()
    return 0


def _response(result: Any) -> tuple[str, bytes]:
    """Status and body of what a handler returns: a body with its type, or a WSGI application."""
    if isinstance(result, tuple):
        return "200 OK", result[0]
    environ: dict[str, Any] = {}
    setup_testing_defaults(environ)
    started: list[str] = []
    body = b"".join(result(environ, lambda status, _headers, _error=None: started.append(status)))
    return started[0], body


def _sentence(body: bytes) -> str:
    text = body.decode(errors="replace")
    try:
        return str(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        return text


if __name__ == "__main__":
    code = main(*sys.argv[1:])
    sys.stdout.flush()
    os._exit(code)  # all is written: threads of Arrow can abort a process that ends as usual
