"""The command, ``localcloud``: up, seed, down, status, explain, unused, reset, logs, remote, env."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from localcloud.core.errors import Problem
from localcloud.core.json_fields import Form
from localcloud.core.seed import ACCOUNT_ID, REGION_NAME

if TYPE_CHECKING:
    from localcloud.cli.server_process import ServerOptions

FASTEST = 1_000_000.0


def parser() -> argparse.ArgumentParser:
    arguments = argparse.ArgumentParser(
        prog="localcloud",
        description="AWS on this machine: S3, SageMaker, EventBridge, CloudWatch and others, on 127.0.0.1 only.",
    )
    arguments.add_argument(
        "--folder", type=Path, metavar="DIR", help="its files (default: .localcloud of the Git checkout you are in)"
    )
    commands = arguments.add_subparsers(dest="command", required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="start it unless it runs; the last line printed is its URL")
    up.add_argument("--port", type=_port, help="default: the same as last time, or any that is free")
    up.add_argument("--speed", type=_speed, help="how many times as fast as real time its clock runs (default: 1)")
    docker = "run jobs and models in containers: in the images that they name, or all in IMAGE"
    up.add_argument("--docker", nargs="?", const="1", default="", metavar="IMAGE", help=docker)
    up.add_argument("--account", type=_account, metavar="ID", help="12 digits (default: the seed's, or 000000000000)")
    up.add_argument("--region", type=_region, help="default: the seed's, or eu-west-1")
    up.add_argument("--seed", type=Path, metavar="FILE", help="a JSON file: what the account contains from the start")
    up.add_argument("--no-roles", action="store_true", help="allow every call: decide nothing as IAM does")
    up.add_argument("--parent", type=int, default=0, metavar="PID", help="end when this process has ended")
    up.add_argument("--foreground", action="store_true", help="stay until Ctrl-C, and log to stderr")
    commands.add_parser("down", help="stop it, end its processes and remove its state")
    status = commands.add_parser("status", help="what it is doing; exit code 3 if it does not run")
    status.add_argument("--json", action="store_true", help="print one JSON object: running, url, account, region, ...")
    seed = commands.add_parser("seed", help="add what a seed file has and the account does not; safe to repeat")
    seed.add_argument("file", type=Path, metavar="FILE")
    commands.add_parser("reset", help="empty it, and apply the last seed again")
    explain = commands.add_parser("explain", help="why a call was denied: the statements that were looked at")
    explain.add_argument(
        "number", type=int, nargs="?", default=0, help="of the denial, as `status` lists it (default: the last)"
    )
    unused = commands.add_parser("unused", help="permissions of roles that no call has needed so far")
    unused.add_argument("role", nargs="?", default="", metavar="ROLE", help="its name or ARN (default: all)")
    logs = commands.add_parser("logs", help="print the server's log")
    logs.add_argument("-f", "--follow", action="store_true", help="until Ctrl-C")
    commands.add_parser("remote", help="add the remote `local` to this checkout, for: git push local main")
    env = 'for a shell: eval "$(localcloud env)". HTTPS then reaches this server only'
    commands.add_parser("env", help=env)
    return arguments


def main(argv: Sequence[str] | None = None) -> int:
    options = parser().parse_args(argv)
    try:
        with _sigterm_interrupts():
            return _run(options)
    except Problem as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        print(f"error: {error.name} is not installed for {sys.executable}: install localcloud there", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of the output has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


@contextmanager
def _sigterm_interrupts() -> Iterator[None]:
    """SIGTERM ends a command as Ctrl-C does, also where a script has started it with SIGINT ignored."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _run(options: argparse.Namespace) -> int:
    from localcloud.cli import child_cli

    if url := child_cli.server():  # such as a build, which may lack the libraries
        return child_cli.run(options.command, url, as_json=getattr(options, "json", False))
    from localcloud.cli import commands, queries
    from localcloud.core.state_dir import StateDir, default_folder

    state_dir = StateDir((options.folder or default_folder()).absolute())
    if options.command == "up":
        return commands.up(state_dir, _server_options(options), options.seed, in_foreground=options.foreground)
    if options.command == "seed":
        return commands.seed_again(state_dir, options.file)
    if options.command == "status":
        return queries.status(state_dir, as_json=options.json)
    if options.command == "explain":
        return queries.explain(state_dir, options.number)
    if options.command == "unused":
        return queries.unused(state_dir, options.role)
    if options.command == "logs":
        return queries.logs(state_dir, follow=options.follow)
    if options.command == "remote":
        from localcloud.cli.git_remote import remote

        return remote(state_dir)
    others = {"down": commands.down, "reset": commands.reset, "env": queries.env}
    return others[options.command](state_dir)


def _server_options(options: argparse.Namespace) -> ServerOptions:
    from localcloud.cli.server_process import ServerOptions

    account, region = options.account or "", options.region or ""
    return ServerOptions(options.port, options.speed, account, region, options.docker, options.no_roles, options.parent)


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65_535:
        raise argparse.ArgumentTypeError(f"{text} is not a port: 1 to 65535")
    return int(text)


def _account(text: str) -> str:
    return _matching(text, ACCOUNT_ID)


def _region(text: str) -> str:
    return _matching(text, REGION_NAME)


def _matching(text: str, form: Form) -> str:
    if not form.pattern.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text} must be {form.description}")
    return text


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= FASTEST:
        raise argparse.ArgumentTypeError(f"{text} is not a speed: a number above 0, at most {FASTEST:g}")
    return speed


if __name__ == "__main__":
    sys.exit(main())
