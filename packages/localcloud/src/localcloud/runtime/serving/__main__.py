"""python -m localcloud.runtime.serving --model-dir DIR: serve a model on 127.0.0.1; prints its URL when ready."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
import threading
import traceback
from pathlib import Path

from localcloud.runtime.serving import installation
from localcloud.runtime.serving.errors import StartError
from localcloud.runtime.serving.handler import load
from localcloud.runtime.serving.server import Server
from localcloud.runtime.serving.workers import START_FAILED, Workers

TIME_OUT = "SAGEMAKER_MODEL_SERVER_TIMEOUT"  # in seconds
MAX_BYTES = 100 << 20  # of batch transform, which sends most; nginx and gunicorn have no limit, InvokeEndpoint has one


def main(argv: list[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        return _serve(options)
    except StartError as problem:
        _print_error(problem)
        return 1
    except KeyboardInterrupt:
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m localcloud.runtime.serving", description=__doc__)
    parser.add_argument("--model-dir", type=Path, required=True, help="an unpacked model.tar.gz: model and code/")
    parser.add_argument("--port", type=int, default=0, help="0, the default, selects a free port")
    parser.add_argument(
        "--workers", type=int, default=1, help="processes, each with its own copy of the model and one call at a time"
    )
    return parser


def _serve(options: argparse.Namespace) -> int:
    seconds = os.environ.get(TIME_OUT, "60")
    if options.workers < 1 or not seconds.isdecimal() or int(seconds) < 1:
        raise StartError(f"--workers and {TIME_OUT} must be whole numbers, at least 1")
    try:
        server = Server(options.port, lambda: load(options.model_dir), MAX_BYTES, int(seconds))
    except (OSError, OverflowError) as error:
        raise StartError(f"port {options.port} cannot be used ({error}): choose another, or 0") from error
    with installation.installed(options.model_dir / "code", os.environ):
        if options.workers == 1:
            return _work(server)
        return Workers(options.workers, lambda first: _run_worker(server, first), server.server_close).run()


def _run_worker(server: Server, first: bool) -> int:
    """In a process of its own; returns its exit code."""
    try:
        return _work(server, load=first)
    except StartError as problem:
        _print_error(problem)
        return START_FAILED
    except SystemExit:
        return 0
    except BaseException:  # noqa: BLE001 - it must not return into the parent's code
        traceback.print_exc()
        return 1


def _work(server: Server, load: bool = True) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if load:
        _ = server.handler
        gc.collect()
        gc.freeze()  # the garbage collector need not traverse the model and the libraries again
    server.server_activate()
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: threading.Thread(target=server.shutdown).start())
    if load:
        print(server.url, flush=True)
    server.serve_forever(poll_interval=0.1)
    server.finish()
    return 0


def _print_error(problem: StartError) -> None:
    print(f"error: {' '.join(str(problem).split())}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
