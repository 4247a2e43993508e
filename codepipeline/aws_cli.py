"""The AWS CLI with an environment's settings: the same account, region and endpoint as the other commands."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from aws import endpoint
from settings.errors import Problem
from settings.model import Settings

# Of a shell that is signed in to AWS: they would override a local endpoint's own keys, or be sent along.
SIGN_IN = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
LOOPBACK = "127.0.0.1,localhost"


class AwsCli:
    def __init__(self, settings: Settings) -> None:
        self.region, self.url = settings.aws.region, endpoint.url(settings.aws)
        self.program = _program()
        self.environment = _environment(settings, local=self.url is not None)

    def command(self, *arguments: str) -> list[str]:
        """As a person would type it."""
        endpoint = ["--endpoint-url", self.url] if self.url else []
        return ["aws", *arguments, "--region", self.region, *endpoint]

    def run(self, *arguments: str) -> int:
        """Passes its output through and returns its exit code."""
        command = [self.program, *self.command(*arguments)[1:]]
        sys.stdout.flush()
        return subprocess.run(command, env=self.environment, stdin=subprocess.DEVNULL, check=False).returncode


def _program() -> str:
    """The one that is installed beside this Python, otherwise the one on the path."""
    beside = Path(sys.executable).with_name("aws")
    program = str(beside) if beside.exists() else shutil.which("aws")
    if not program:
        raise Problem("the AWS CLI is not installed: `make setup` installs one into .venv, or install your own")
    return program


def _environment(settings: Settings, *, local: bool) -> dict[str, str]:
    variables = dict(os.environ) | {"AWS_PAGER": ""}
    keys = zip(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), endpoint.keys(settings.aws), strict=True)
    own = {name: value for name, value in keys if value}
    variables |= own
    if not local:
        return variables
    variables |= dict.fromkeys(("NO_PROXY", "no_proxy"), LOOPBACK)  # a proxy cannot reach this machine's 127.0.0.1
    return {name: value for name, value in variables.items() if not (own and name in SIGN_IN)}


def as_arguments(parameters: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in parameters.items()]
