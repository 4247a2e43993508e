"""How the commands about stacks end: as every command does, and AWS's refusals are sentences too."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from pipelines import ending


def ended(run: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    return ending.ended("codepipeline", lambda: _told(run, options), interrupted="interrupted: run it again to go on")


def _told(run: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return run(options)
    except (ClientError, BotoCoreError) as error:
        from pipelines.aws_errors import sentence
        from pipelines.settings import load

        raise sentence(error, load(options.env, options.config)) from error
