"""A working copy to push from, queues to read what arrives, the clock's steps, and refusals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

# No test reads or reaches anybody's AWS, whatever the shell has set.
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ.pop("LOCALCLOUD_URL", None)  # tests start their own, also inside a build of localcloud's
os.environ |= dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull)
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
# Tests start hundreds of processes: compiling the same modules anew in each would take most of their time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# Who starts the tests in the background of a script has Ctrl-C ignored, by all that they start as well.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

WHO = {f"GIT_{who}_{what}": "someone" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


@pytest.fixture
def git(tmp_path: Path) -> Callable[..., str]:
    """git in the working copy, which is made at the first call; answers what it printed."""
    folder = tmp_path / "checkout"

    def run(*command: str) -> str:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        if not folder.exists():
            subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True, env=clean | quiet)
        done = subprocess.run(
            ["git", *command],
            cwd=folder,
            env=clean | quiet | WHO,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    return run


@pytest.fixture
def committed(git: Callable[..., str], tmp_path: Path) -> Callable[..., str]:
    """Commits files, by their text; answers the commit."""

    def commit(files: Mapping[str, str], message: str = "a commit") -> str:
        git("status")
        for name, text in files.items():
            file = tmp_path / "checkout" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        git("add", "--all")
        git("commit", "-q", "--allow-empty", "-m", message)
        return git("rev-parse", "HEAD").strip()

    return commit


@pytest.fixture
def pushed(cloud: Any, git: Callable[..., str], committed: Callable[..., str]) -> Callable[..., str]:
    """Commits files and pushes them to the cloud's repository; answers the commit."""
    from localcloud.runtime.git_repository import Repository

    def push(files: Mapping[str, str], message: str = "a commit", branch: str = "main") -> str:
        commit = committed(files, message)
        repository = Repository.of(cloud.folder)
        repository.create()
        git("push", "-q", str(repository.folder), f"HEAD:refs/heads/{branch}")
        return commit

    return push


@pytest.fixture
def settle(cloud: Any) -> Callable[[], None]:
    """Until nothing is under way but what waits for the clock."""

    def settled() -> None:
        for name in ("scheduler", "events"):  # the former calls the latter
            if name in cloud.services:
                cloud.services[name].settle()

    return settled


@pytest.fixture
def step(cloud: Any, settle: Callable[[], None]) -> Callable[..., None]:
    """The clock moves; before and after it all that is under way is done."""

    def stepped(seconds: float = 0) -> None:
        settle()
        cloud.clock.advance(seconds)
        settle()

    return stepped


@pytest.fixture
def queue(cloud: Any) -> Callable[..., str]:
    """Makes a queue and answers its ARN."""

    def made(name: str, **attributes: str) -> str:
        cloud.client("sqs").create_queue(QueueName=name, Attributes=attributes)
        return str(cloud.arn("sqs", name))

    return made


@pytest.fixture
def taken(cloud: Any, settle: Callable[[], None]) -> Callable[[str], list[Any]]:
    """The messages of a queue, which is empty afterwards."""

    def take(name: str) -> list[Any]:
        settle()
        sqs, url, found = cloud.client("sqs"), f"{cloud.url}/{cloud.account}/{name}", []
        while batch := sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], AttributeNames=["All"]
        ).get("Messages"):
            found.extend(batch)
            for message in batch:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    return take


@pytest.fixture
def refused() -> Callable[..., str]:
    """``refused(client.operation, "Code", Name=...)`` answers the message."""
    from botocore.exceptions import ClientError

    def refusal(call: Callable[..., Any], code: str, **request: Any) -> str:
        with pytest.raises(ClientError) as caught:
            call(**request)
        assert caught.value.response["Error"]["Code"] == code, caught.value
        return str(caught.value.response["Error"]["Message"])

    return refusal
