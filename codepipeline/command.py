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
    except Exception as error:
        sentence = _sentence(error, options)
        if sentence is None:
            raise
        print(f"error: {sentence}", file=sys.stderr)
        return sentence.exit_code


def _sentence(error: Exception, options: argparse.Namespace) -> Problem | None:
    """What AWS said no with; None is a defect of ours."""
    from botocore.exceptions import BotoCoreError, ClientError

    if not isinstance(error, ClientError | BotoCoreError):
        return None
    from pipelines.aws_errors import sentence
    from pipelines.settings import load

    return sentence(error, load(options.env, options.config))
