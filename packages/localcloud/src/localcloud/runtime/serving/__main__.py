"""python -m localcloud.runtime.serving --model-dir DIR: serve a model on 127.0.0.1; prints its URL when ready."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
import threading
from pathlib import Path

from localcloud.runtime.serving.errors import StartError

MAX_BYTES = 100 << 20  # of batch transform, which sends most; nginx and gunicorn have no limit, InvokeEndpoint has one


def main(argv: list[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        return _serve(options)
    except StartError as problem:
        print(f"error: {' '.join(str(problem).split())}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m localcloud.runtime.serving", description=__doc__)
    parser.add_argument("--model-dir", type=Path, required=True, help="an unpacked model.tar.gz: model and code/")
    parser.add_argument("--port", type=int, default=0, help="0, the default, selects a free port")
    parser.add_argument(
        "--threads",
        type=int,
        default=1,
        help="how many calls of the handler may run at once; 1 as in a worker of SageMaker's container",
    )
    return parser


def _serve(options: argparse.Namespace) -> int:
    from localcloud.runtime.serving import installation
    from localcloud.runtime.serving.handler import load
    from localcloud.runtime.serving.server import Server

    if options.threads < 1:
        raise StartError("--threads must be at least 1")
    try:
        server = Server(options.port, options.threads, MAX_BYTES)
    except (OSError, OverflowError) as error:
        raise StartError(f"port {options.port} cannot be used ({error}): choose another, or 0") from error
    installation.check(options.model_dir / "code", os.environ)
    server.handler = load(options.model_dir)
    gc.collect()
    gc.freeze()  # the garbage collector need not traverse the model and the libraries again
    server.server_activate()
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: threading.Thread(target=server.shutdown).start())
    print(server.url, flush=True)
    server.serve_forever(poll_interval=0.1)
    server.finish()
    return 0


if __name__ == "__main__":
    sys.exit(main())
