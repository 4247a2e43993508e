"""Fixtures of several rooms: a Git working copy, queues, steps of the clock, refusals."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

# No test uses an AWS account or its configuration, whatever the shell sets.
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ.pop("LOCALCLOUD_URL", None)  # tests start their own server, also inside a build of localcloud
os.environ |= dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull)
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
# Tests start hundreds of processes: compiling the same modules in each would take most of their time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# In the background of a script the shell ignores Ctrl-C for the tests and for all processes that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

IDENTITY = {f"GIT_{role}_{field}": "someone" for role in ("AUTHOR", "COMMITTER") for field in ("NAME", "EMAIL")}


class RecordingAccess:
    """Allows everything, unless ``denied`` names a call (``logs.PutLogEvents``) or ``untrusting`` a role."""

    def __init__(self, cloud: Any) -> None:
        self._cloud, self._client_as = cloud, cloud.client_as
        self.denied: set[str] = set()
        self.untrusting: set[str] = set()
        self.decisions: list[tuple[str, str, Any]] = []  # the principal's ARN, the call, its request
        self.of_administrator: list[tuple[str, Any]] = []  # the call, its request
        self.sessions: dict[str, tuple[str, str]] = {}  # by the role's ARN: the service and its SourceArn
        self.clients: list[tuple[str, str, str]] = []  # the principal's ARN and SourceArn, the service called

    def authorize(self, principal: Any, service: str, operation: str, request: Any) -> None:
        call = f"{service}.{operation}"
        if principal.decided:
            self.decisions.append((principal.arn, call, request))
        else:
            self.of_administrator.append((call, request))
        if call in self.denied:
            self._refuse(principal.arn, f"{service}:{operation}")

    def assume(self, role_arn: str, session_name: str, *, service: str, source_arn: str = "") -> Any:
        self.sessions[role_arn] = service, source_arn
        if role_arn in self.untrusting:
            self._refuse(service, "sts:AssumeRole")
        return _session(role_arn, session_name)

    def client_as(self, principal: Any, service: str) -> Any:
        if principal.decided:
            self.clients.append((principal.role_arn or principal.arn, principal.source_arn, service))
        return self._client_as(principal, service)

    def calls(self) -> list[str]:
        return [call for _, call, _ in self.decisions]

    def _refuse(self, who: str, action: str) -> None:
        from localcloud.core.refusal import Refusal

        raise Refusal("AccessDeniedException", f"User: {who} is not authorized to perform: {action}")


SECONDS = 60.0


@pytest.fixture
def git(tmp_path: Path) -> Callable[..., str]:
    """Runs git in a working copy, which the first call creates; returns the output."""
    folder = tmp_path / "checkout"

    def run(*command: str) -> str:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        if not folder.exists():
            subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True, env=clean | quiet)
        completed = subprocess.run(
            ["git", *command],
            cwd=folder,
            env=clean | quiet | IDENTITY,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert completed.returncode == 0, completed.stderr
        return completed.stdout + completed.stderr

    return run


@pytest.fixture
def create_commit(git: Callable[..., str], tmp_path: Path) -> Callable[..., str]:
    """Commits files, given as texts by name; returns the commit."""

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
def push_files(cloud: Any, git: Callable[..., str], create_commit: Callable[..., str]) -> Callable[..., str]:
    """Commits files and pushes them to the cloud's repository; returns the commit."""
    from localcloud.runtime.git_repository import Repository

    def push(files: Mapping[str, str], message: str = "a commit", branch: str = "main") -> str:
        commit = create_commit(files, message)
        repository = Repository.of(cloud.folder)
        repository.create()
        git("push", "-q", str(repository.folder), f"HEAD:refs/heads/{branch}")
        return commit

    return push


@pytest.fixture
def settle(cloud: Any) -> Callable[[], None]:
    """Waits until all remaining work waits for the clock."""

    def wait() -> None:
        for name in ("scheduler", "events"):  # the former calls the latter
            if name in cloud.services:
                cloud.services[name].settle()

    return wait


@pytest.fixture
def step(cloud: Any, settle: Callable[[], None]) -> Callable[..., None]:
    """Advances the clock; running work is finished before and after."""

    def advance(seconds: float = 0) -> None:
        settle()
        cloud.clock.advance(seconds)
        settle()

    return advance


@pytest.fixture
def eventually() -> Callable[..., Any]:
    """Returns the result of a function as soon as it is true."""

    def wait(function: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + SECONDS
        while not (result := function()):
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.02)
        return result

    return wait


@pytest.fixture
def queue(cloud: Any) -> Callable[..., str]:
    """Creates a queue and returns its ARN."""

    def create(name: str, **attributes: str) -> str:
        cloud.client("sqs").create_queue(QueueName=name, Attributes=attributes)
        return str(cloud.arn("sqs", name))

    return create


@pytest.fixture
def drain(cloud: Any, settle: Callable[[], None]) -> Callable[[str], list[Any]]:
    """Returns the messages of a queue and deletes them."""

    def take(name: str) -> list[Any]:
        settle()
        sqs, url, messages = cloud.client("sqs"), f"{cloud.url}/{cloud.account}/{name}", []
        while batch := sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], AttributeNames=["All"]
        ).get("Messages"):
            messages.extend(batch)
            for message in batch:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return messages

    return take


def _session(role_arn: str, name: str) -> Any:
    from localcloud.core.access.principal import ROLE, Principal

    account, role = role_arn.split(":")[4], role_arn.rpartition("/")[2]
    arn = f"arn:aws:sts::{account}:assumed-role/{role}/{name}"
    return Principal(ROLE, arn, account, role_arn=role_arn, user_id=f"AROA:{name}")


@pytest.fixture
def access(cloud: Any, monkeypatch: pytest.MonkeyPatch) -> RecordingAccess:
    """What reaches the place where calls are decided, in process."""
    recording = RecordingAccess(cloud)
    for name in ("authorize", "assume"):
        monkeypatch.setattr(cloud.access, name, getattr(recording, name))
    monkeypatch.setattr(cloud, "client_as", recording.client_as)
    return recording


@pytest.fixture
def refused() -> Callable[..., str]:
    """``refused(client.operation, "Code", Name=...)`` returns the message."""
    from botocore.exceptions import ClientError

    def refusal(call: Callable[..., Any], code: str, **request: Any) -> str:
        with pytest.raises(ClientError) as caught:
            call(**request)
        assert caught.value.response["Error"]["Code"] == code, caught.value
        return str(caught.value.response["Error"]["Message"])

    return refusal


@pytest.fixture
def create_role(aws: Callable[[str], Any]) -> Callable[..., str]:
    """Creates a role with one inline policy; returns its ARN. The account may assume it unless ``trust`` says who."""
    from support.policies import ACCOUNT, document

    def create(name: str, *statements: dict[str, Any], trust: dict[str, Any] | None = None, **settings: Any) -> str:
        trusted = trust or {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}
        iam = aws("iam")
        policy = document({"Effect": "Allow", "Action": "sts:AssumeRole", **trusted})
        created = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy, **settings)
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(*statements))
        return str(created["Role"]["Arn"])

    return create


@pytest.fixture
def open_session(cloud: Any, create_role: Callable[..., str]) -> Callable[..., Any]:
    """A session of a new role."""

    def create(name: str, *statements: dict[str, Any], **settings: Any) -> Any:
        arn = create_role(name, *statements, **settings)
        return cloud.access.assume_role(cloud.credentials.administrator, arn, "test")

    return create


def pytest_collection_finish() -> None:
    """The collected tests stay in memory anyway: the garbage collector need not visit them again and again."""
    gc.collect()
    gc.freeze()
