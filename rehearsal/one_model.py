"""``make model``: from raw data to a judged model, on this machine, by the very command that does it on AWS.

localcloud starts, data goes into its S3, ``python -m pipelines.run --upsert --start --wait`` makes the model, the
verdict of the quality gate is read back from S3, and localcloud ends again.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aws.command_errors import run_command, sigterm_interrupts
from rehearsal.control_plane import in_environment
from rehearsal.server import FOLDER, Server

ROWS = 20_000


def parser() -> argparse.ArgumentParser:
    args = argparse.ArgumentParser(prog="python -m rehearsal.one_model", description=__doc__.splitlines()[0])
    args.add_argument("--rows", type=int, default=ROWS, help="rows of example data (default: 20000)")
    args.add_argument("--data", help="a folder or file of your own data instead of example data")
    args.add_argument("--config", type=Path, help="the folder of the settings (default: config)")
    args.add_argument("--parameters", nargs="+", default=[], metavar="NAME=VALUE", help="of the pipeline")
    args.add_argument("--folder", type=Path, default=FOLDER, help="where everything is written (default: .localcloud)")
    args.add_argument("--docker", nargs="?", const="1", default="", metavar="IMAGE", help="run the jobs in containers")
    args.add_argument("--keep", action="store_true", help="leave localcloud running; one that ran before always is")
    return args


def main(argv: list[str] | None = None) -> int:
    args = parser().parse_args(argv)
    with sigterm_interrupts():
        return run_command("model", lambda: _make_model(args), interrupted="stopped")


def _make_model(args: argparse.Namespace) -> int:
    from pipelines import run
    from rehearsal import stages

    settings = stages.settings(args.config)
    stages.check(settings, args.data, args.rows, args.parameters)
    with _server(args):
        data = stages.put_data(settings, args.data, args.rows)
        local = ["--env", "local", *(["--config", str(args.config)] if args.config else [])]
        parameters = ["--parameters", *data, *args.parameters] if data or args.parameters else []
        if code := run.main([*local, "--upsert", "--start", *parameters]):
            return code
        code = run.main([*local, "--wait"])
        if code in (0, 1):  # it ran to its end, whatever the verdict
            stages.show(settings, args.folder / "demo")
    return code


@contextmanager
def _server(args: argparse.Namespace) -> Iterator[None]:
    """It runs, and every command of this process finds it. One that ran before goes on afterwards."""
    server = Server(args.folder.absolute(), args.config and args.config.absolute())
    keep = args.keep or server.is_running
    url = server.up(*(["--docker", args.docker] if args.docker else []), ends_with_this_process=not keep)
    try:
        with in_environment(url):
            yield
    finally:
        if not keep:
            server.down()


if __name__ == "__main__":
    sys.exit(main())
