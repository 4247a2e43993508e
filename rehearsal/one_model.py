"""``make model``: from raw data to a judged model, on this machine, by the very command that does it on AWS.

localcloud starts, data goes into its S3, ``python -m pipelines.run --upsert --start --wait`` makes the model, the
verdict of the quality gate is read back from S3, and localcloud ends again.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from localcloud.core.errors import Problem as OurProblem
from localcloud.core.state_dir import Place, default_folder

ROWS = 20_000


def parser() -> argparse.ArgumentParser:
    args = argparse.ArgumentParser(prog="python -m rehearsal.one_model", description=__doc__.splitlines()[0])
    args.add_argument("--rows", type=int, default=ROWS, help="rows of example data (default: 20000)")
    args.add_argument("--data", type=Path, help="a folder or file of your own data instead of example data")
    args.add_argument("--config", type=Path, help="the folder of the settings (default: config)")
    args.add_argument("--parameters", nargs="+", default=[], metavar="NAME=VALUE", help="of the pipeline")
    args.add_argument(
        "--folder", type=Path, default=default_folder(), help="where everything is written (default: .localcloud)"
    )
    args.add_argument("--docker", nargs="?", const="1", default="", metavar="IMAGE", help="run the jobs in containers")
    args.add_argument("--keep", action="store_true", help="leave localcloud running; one that ran before always is")
    return args


def main(argv: list[str] | None = None) -> int:
    args = parser().parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    from settings.errors import Problem

    try:
        return _demo(args)
    except (Problem, OurProblem) as problem:
        print(f"error: {problem}", file=sys.stderr)
        return getattr(problem, "exit_code", 1)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


def _demo(args: argparse.Namespace) -> int:
    from pipelines import run
    from rehearsal import stages as stages

    settings = stages.settings(args.config)
    stages.check(settings, args.data, args.rows)
    with _server(args):
        data = stages.put_data(settings, args.data, args.rows)
        local = ["--env", "local", *(["--config", str(args.config)] if args.config else [])]
        given = ["--parameters", *data, *args.parameters] if data or args.parameters else []
        if code := run.main([*local, "--upsert", "--start", *given]):
            return code
        code = run.main([*local, "--wait"])
        if code in (0, 1):  # it went to its end, good or bad
            stages.show(settings, args.folder / "demo")
    return code


@contextmanager
def _server(args: argparse.Namespace) -> Iterator[None]:
    """It runs; whoever in this process asks for the AWS of the settings finds it."""
    from localcloud.cli import child_cli, commands
    from localcloud.core import client_environment

    place = Place(args.folder.absolute())
    with ExitStack() as stack:
        if not child_cli.server():
            ran = place.running()
            commands.up(place, docker=args.docker)
            if not ran and not args.keep:
                stack.callback(commands.down, place)
            running = place.running()
            assert running  # noqa: S101 - it is up
            os.environ[client_environment.URL] = running.url
            stack.callback(os.environ.pop, client_environment.URL)
        yield


if __name__ == "__main__":
    sys.exit(main())
