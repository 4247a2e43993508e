"""How every command of this room ends: one sentence on what went wrong, and an exit code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from pipelines.errors import Problem


def ended(run: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    try:
        return run(options)
    except Problem as problem:
        print(f"error: {problem}", file=sys.stderr)
        return problem.exit_code
    except KeyboardInterrupt:
        print("\ninterrupted: run it again to go on", file=sys.stderr)
        return 130
    except Exception as error:  # noqa: BLE001 - a defect of ours: still one line
        print(f"error: {_sentence(error, options)}", file=sys.stderr)
        return 1


def _sentence(error: Exception, options: argparse.Namespace) -> str:
    """What AWS said no with; anything else is a defect of ours."""
    from botocore.exceptions import BotoCoreError, ClientError

    if not isinstance(error, ClientError | BotoCoreError):
        from codepipeline.deploy.defect import defect

        return f"unexpected {defect(error)}"
    from pipelines.aws_errors import sentence
    from pipelines.settings import load

    return str(sentence(error, load(options.env, options.config)))
