"""``--env`` and ``--config``, which the commands of an environment have in common."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_environment_options(parser: argparse.ArgumentParser, environment: str) -> None:
    parser.add_argument(
        "--env", default=environment, help="settings overlay; default: PIPELINE_ENV, else local (now: %(default)s)"
    )
    parser.add_argument(
        "--config", type=Path, metavar="DIR", help="folder of the settings; default: the repository's config/"
    )
