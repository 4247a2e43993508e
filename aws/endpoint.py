"""The endpoint of an environment: AWS itself, or a server on this machine that a command of the settings starts."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

from settings.account import Aws
from settings.errors import AwsProblem

ROOT = Path(__file__).resolve().parents[1]
TIMEOUT_SECONDS = 90
OF_CONTAINER = "AWS_CONTAINER_CREDENTIALS_FULL_URI"  # where AWS's SDKs find the keys of a container's role


def url(aws: Aws) -> str | None:
    """None means AWS itself."""
    return _start(aws.endpoint_command) if aws.endpoint_command else aws.endpoint_url or None


def keys(aws: Aws) -> tuple[str, str]:
    """The settings' own; none in a process that gets keys from the endpoint itself, such as a build: it has a role."""
    source = os.environ.get(OF_CONTAINER, "")
    given = source and source.startswith(f"{url(aws)}/")
    return ("", "") if given else (aws.access_key_id, aws.secret_access_key)


@cache
def _start(command: tuple[str, ...]) -> str:
    """Runs once per process, in the project's root. Its stderr stays visible; the last line of output is the URL."""
    words = [sys.executable if word == "python" and at == 0 else word for at, word in enumerate(command)]
    shown = " ".join(command)
    try:
        done = subprocess.run(
            words, cwd=ROOT, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, timeout=TIMEOUT_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AwsProblem(f"`{shown}` (aws.endpoint_command) cannot be run: {error}") from error
    lines = done.stdout.split()
    if done.returncode or not lines or not lines[-1].startswith("http"):
        reason = f"ended with {done.returncode} and printed no URL"
        raise AwsProblem(f"`{shown}` (aws.endpoint_command) {reason}: run it by hand to see why")
    return lines[-1]
