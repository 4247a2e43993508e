"""The AWS CLI with an environment's settings: the same account, region and endpoint as everything else here."""

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

# Of a shell that is signed in to AWS: they would win over a local endpoint's own keys, or be sent along.
OTHERS = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
HERE = "127.0.0.1,localhost"


class AwsCli:
    def __init__(self, settings: Settings) -> None:
        self.region, self.url = settings.aws.region, endpoint.url(settings.aws)
        self.program = _program()
        self.environment = _environment(settings, local=self.url is not None)

    def words(self, *arguments: str) -> list[str]:
        """What a person would type to do the same."""
        there = ["--endpoint-url", self.url] if self.url else []
        return ["aws", *arguments, "--region", self.region, *there]

    def run(self, *arguments: str) -> int:
        """Its output is seen as it comes; its exit code is the answer."""
        words = [self.program, *self.words(*arguments)[1:]]
        sys.stdout.flush()
        return subprocess.run(words, env=self.environment, stdin=subprocess.DEVNULL, check=False).returncode


def _program() -> str:
    """The one that is installed beside this Python, else the one on the path."""
    beside = Path(sys.executable).with_name("aws")
    found = str(beside) if beside.exists() else shutil.which("aws")
    if not found:
        raise Problem("the AWS CLI is not there: `make setup` installs one into .venv, or install your own")
    return found


def _environment(settings: Settings, *, local: bool) -> dict[str, str]:
    told = dict(os.environ) | {"AWS_PAGER": ""}
    keys = {"AWS_ACCESS_KEY_ID": settings.aws.access_key_id, "AWS_SECRET_ACCESS_KEY": settings.aws.secret_access_key}
    told |= {name: value for name, value in keys.items() if value}
    if not local:
        return told
    told |= dict.fromkeys(("NO_PROXY", "no_proxy"), HERE)  # a company's proxy must not see 127.0.0.1
    return {name: value for name, value in told.items() if name not in OTHERS}


def parameter_words(parameters: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in parameters.items()]
