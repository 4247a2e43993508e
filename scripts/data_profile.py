"""The command that profiles a data set: what preprocess would do with it, as a page, and the settings that it needs.

It takes the flags of preprocess.py, without the output folders; `make data` calls it with those of the settings.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import preprocess
from failures import report
from flags import Parser, parse_early


def main(argv: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if argv is None else argv
    message = parse_early(arguments, "--message")
    return report(lambda: run(arguments), Path(message) if message else None)


def parser() -> Parser:
    command = Parser(prog="data_profile.py", description=__doc__, allow_abbrev=False)
    command.add_argument("--page", type=Path, required=True, metavar="FILE", help="receives the page, HTML")
    command.add_argument("--overlay", default="config/local.toml", metavar="FILE", help="where settings are added")
    command.add_argument("--instead", default="", metavar="NAME", help="predict this column, whatever --target says")
    return command


def run(arguments: Sequence[str]) -> None:
    own, rest = parser().parse_known_args(arguments)
    with tempfile.TemporaryDirectory(prefix="data-profile-") as folder:
        outputs = [f"--{name}={Path(folder) / name}" for name in preprocess.FOLDERS if name != "input"]
        options = preprocess.parser().parse_args([*rest, *outputs])
        _profile(options, own)


def _profile(options: argparse.Namespace, own: argparse.Namespace) -> None:
    from profiling.profile import profile  # not at the top: --help should be fast
    from profiling.summary import lines
    from report.data_page import page

    found = profile(options, own.instead)
    own.page.parent.mkdir(parents=True, exist_ok=True)
    own.page.write_text(page(found, own.overlay), encoding="utf-8")
    print("\n".join(lines(found, own.overlay)), flush=True)


if __name__ == "__main__":
    sys.exit(main())
