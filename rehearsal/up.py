"""Starts AWS on this machine unless it runs, with what the settings of the environment "local" need in it.

python -m rehearsal.up [--folder DIR] [--config DIR] [OPTION ...]      other options are those of `localcloud up`

What is missing is created, what exists is left alone; so run it again after a change of settings. The last line printed
is the URL. In a process that localcloud itself started, such as a build, it only prints the URL of that one.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any, NoReturn

from aws.command_errors import run_command
from rehearsal import control_plane, seed
from rehearsal.server import FOLDER, ROOT
from settings.errors import SettingsProblem

LACKING = "the bucket, the role or the example data are not there"


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m rehearsal.up", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, default=FOLDER, help="of localcloud's files (default: .localcloud)")
    parser.add_argument(
        "--config", type=Path, default=ROOT / "config", help="the folder of the settings (default: config)"
    )
    return parser


def main(argv: list[str] | None = None) -> int:
    args, options = parser().parse_known_args(argv)
    return run_command("up", lambda: up(args.folder.absolute(), args.config.absolute(), options))


def up(folder: Path, config: Path, options: list[str]) -> int:
    url = os.environ.get(control_plane.URL)
    if not url:
        _start(["--folder", str(folder), "up", *_account(folder, config), *options])
    control_plane.request(url, "status", remedy=f"unset {control_plane.URL} if that server is gone")
    print(url, flush=True)
    return 0


def _start(words: list[str]) -> NoReturn:
    """As this process: output, signals and exit code are those of the command."""
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "localcloud", *words])  # noqa: S606 - it needs no shell


def _account(folder: Path, config: Path) -> list[str]:
    """What the account contains; with settings that are wrong, at least which one it is."""
    try:
        return ["--seed", str(seed.write(folder, config))]
    except SettingsProblem as problem:
        print(f"warning: {LACKING}: {' '.join(str(problem).split())}", file=sys.stderr, flush=True)
    options = {"account_id": "--account", "region": "--region"}
    return [word for key, value in account_settings(config).items() for word in (options[key], str(value))]


def account_settings(config: Path) -> dict[str, Any]:
    """Account and region as the files of the environment "local" have them, valid or not; empty without files."""
    from settings.files import BASE, read

    values: dict[str, Any] = {}
    for name in (BASE, "local.toml"):
        if (config / name).is_file():
            values |= read(config / name, f"config/{name}").get("aws", {})
    return {key: values[key] for key in ("account_id", "region") if values.get(key)}


if __name__ == "__main__":
    sys.exit(main())
