"""``make demo``: the project's own pipeline, compiled as for AWS and run on this machine, to a judged model."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent


def parser() -> argparse.ArgumentParser:
    args = argparse.ArgumentParser(prog="python -m localcloud.demo", description=__doc__)
    args.add_argument("--rows", type=int, default=20_000, help="rows of example data (default: 20000)")
    args.add_argument("--data", type=Path, help="a folder or file of your own data instead of example data")
    args.add_argument("--config", type=Path, default=HERE / "config", help="the folder of the settings")
    args.add_argument("--env", default="local", help="the settings' environment (default: local)")
    args.add_argument("--parameters", nargs="+", default=[], metavar="NAME=VALUE", help="of the pipeline")
    args.add_argument("--folder", type=Path, default=HERE / ".localcloud", help="where everything is written")
    args.add_argument("--docker", nargs="?", const="", metavar="IMAGE", help="run the jobs in containers")
    return args


def main(argv: list[str] | None = None) -> int:
    args = parser().parse_args(argv)
    from localcloud.rehearsal import rehearse  # imports what takes seconds
    from pipelines.errors import Problem

    try:
        return rehearse(args)
    except Problem as problem:
        print(f"error: {problem}", file=sys.stderr)
        return problem.exit_code
    except KeyboardInterrupt:
        print("stopped; what ran so far is in the job folders", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
