"""The parser of a command that does one thing with an environment."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from settings.environments import CONFIG


def environment_parser(module: str, description: str | None, meaning: str) -> argparse.ArgumentParser:
    """Of ``python -m module``; ``meaning``: of ``--env``."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=description, allow_abbrev=False)
    environment = os.environ.get("PIPELINE_ENV") or "local"
    parser.add_argument("--env", default=environment, help=f"{meaning} (now: %(default)s)")
    parser.add_argument("--config", type=Path, default=CONFIG, metavar="DIR", help="folder of the settings")
    return parser
