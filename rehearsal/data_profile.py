"""``make data``: a page about a data set, in seconds and without AWS: what preprocess takes each column as, how its
values are distributed, and the settings that it needs.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aws.command_errors import run_command, sigterm_interrupts
from pipelines.preprocess_arguments import preprocess_arguments
from rehearsal.data_files import check_data
from rehearsal.server import FOLDER, ROOT
from settings.environments import CONFIG, display_name
from settings.errors import Problem
from settings.loader import load

ENV = "local"
SCRIPT = ROOT / "scripts/data_profile.py"
ERROR = "ERROR: "


def parser() -> argparse.ArgumentParser:
    args = argparse.ArgumentParser(prog="python -m rehearsal.data_profile", description=__doc__.partition("\n\n")[0])
    args.add_argument("--data", required=True, help="a folder or file of CSV or Parquet data")
    args.add_argument("--target", default="", metavar="COLUMN", help="what to predict (default: as the settings say)")
    args.add_argument("--config", type=Path, default=CONFIG, help="the folder of the settings (default: config)")
    args.add_argument("--folder", type=Path, default=FOLDER, help="where the page is written (default: .localcloud)")
    return args


def main(argv: list[str] | None = None) -> int:
    args = parser().parse_args(argv)
    with sigterm_interrupts():
        return run_command("data", lambda: _profile(args), interrupted="stopped")


def _profile(args: argparse.Namespace) -> int:
    check_data(args.data)
    settings = load(ENV, args.config)
    page = args.folder.absolute() / "demo" / "data.html"
    overlay = f"{display_name(args.config)}/{ENV}.toml"
    with _as_folder(Path(args.data)) as folder:
        own = ["--input", str(folder), "--page", str(page), "--overlay", overlay]
        own += [f"--instead={args.target}"] if args.target else []
        command = [sys.executable, str(SCRIPT), *own, *preprocess_arguments(settings)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise Problem(_reason(done.stderr))
    print(f"\npage: {_short(page)}", flush=True)
    return 0


@contextmanager
def _as_folder(data: Path) -> Iterator[Path]:
    """Preprocess reads folders."""
    if data.is_dir():
        yield data
        return
    with tempfile.TemporaryDirectory(prefix="data-") as folder:
        (Path(folder) / data.name).symlink_to(data.resolve())
        yield Path(folder)


def _reason(errors: str) -> str:
    log, _, sentence = errors.rpartition(ERROR)
    print(log, end="", file=sys.stderr)
    return sentence.strip()


def _short(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


if __name__ == "__main__":
    sys.exit(main())
