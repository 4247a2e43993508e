"""How the commands about stacks end: as every command does, and AWS's refusals are sentences too."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from aws import command_errors


def ended(run: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    again = "interrupted: run it again to go on"
    return command_errors.ended("codepipeline", lambda: _told(run, options), interrupted=again)


def _told(run: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return run(options)
    except (ClientError, BotoCoreError) as error:
        from aws.errors import sentence
        from settings.loader import load

        raise sentence(error, load(options.env, options.config)) from error
