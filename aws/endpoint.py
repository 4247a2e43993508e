"""Where the AWS of an environment is: AWS itself, or a server on this machine that a command of the settings starts."""

from __future__ import annotations

import subprocess
import sys
from functools import cache

from settings.account import Aws
from settings.errors import AwsProblem

SECONDS = 90


def url(aws: Aws) -> str | None:
    """None is AWS itself."""
    return _started(aws.endpoint_command) if aws.endpoint_command else aws.endpoint_url or None


@cache
def _started(command: tuple[str, ...]) -> str:
    """Once in a process. What the command has to say goes to stderr and is seen; its last line of output is the URL."""
    words = [sys.executable if word == "python" and at == 0 else word for at, word in enumerate(command)]
    told = " ".join(command)
    try:
        done = subprocess.run(words, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AwsProblem(f"`{told}` (aws.endpoint_command) cannot be run: {error}") from error
    lines = done.stdout.split()
    if done.returncode or not lines or not lines[-1].startswith("http"):
        ended = f"ended with {done.returncode} and named no server"
        raise AwsProblem(f"`{told}` (aws.endpoint_command) {ended}: run it by hand to see why")
    return lines[-1]
