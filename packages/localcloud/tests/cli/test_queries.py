"""The commands about roles: the status lists denied calls, `explain` says why, `unused` what could go."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from support.policies import allow, document

from localcloud.testing import client_of

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("checkout") / ".localcloud"


@pytest.fixture(scope="module")
def command(folder: Path) -> Iterator[Run]:
    """``localcloud`` of a server that runs."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "localcloud", "--folder", str(folder), *words]
        return subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)

    run("up")
    yield run
    run("down")


@pytest.fixture(scope="module")
def denied(command: Run, folder: Path) -> str:
    """The sentence of a call that a role was denied."""
    iam = client_of(folder, "iam")
    trust = document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}})
    role = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    condition = {"StringEquals": {"s3:prefix": "in/"}}
    policy = document(allow("s3:ListBucket", Sid="OneFolder", Condition=condition), allow("sqs:ListQueues"))
    iam.put_role_policy(RoleName="reader", PolicyName="own", PolicyDocument=policy)
    keys = client_of(folder, "sts").assume_role(RoleArn=role, RoleSessionName="me")["Credentials"]
    reader = boto3.client(
        "s3",
        endpoint_url=iam.meta.endpoint_url,
        region_name="eu-west-1",
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    with pytest.raises(ClientError) as caught:
        reader.list_objects_v2(Bucket="one", Prefix="out/")
    message: str = caught.value.response["Error"]["Message"]
    return message


def test_the_status_lists_denied_calls(command: Run, denied: str) -> None:
    lines = command("status").stdout.splitlines()
    assert "  roles       are enforced" in lines
    assert "  denied      1 call lately; `localcloud explain NUMBER` says why:" in lines
    assert f"       1  {denied}" in lines


def test_explain_shows_the_statements_and_the_condition_that_failed(command: Run, denied: str) -> None:
    text = command("explain").stdout
    assert text == command("explain", "1").stdout
    for line in (
        "1: s3.ListObjectsV2",
        f"  {denied}",
        "    s3:prefix: out/",
        "    an identity-based policy, own, OneFolder: Allow",
        "      StringEquals: s3:prefix is out/, the policy names in/",
    ):
        assert line in text.splitlines()


@pytest.mark.usefixtures("denied")
def test_unused_lists_what_no_call_has_needed(command: Run) -> None:
    lines = command("unused", "reader").stdout.splitlines()
    assert lines[0] == "arn:aws:iam::000000000000:role/reader: 2 permissions that no call has needed"
    assert lines[1:] == ["  own, OneFolder: s3:ListBucket", "  own, 2: sqs:ListQueues"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("explain", "9"), "error: there is no denied call 9; those that are kept: from 1 to 1"),
        (("unused", "nobody"), "error: there is no role 'nobody'; there are: arn:aws:iam::000000000000:role/reader"),
        (("up", "--no-roles"), "error: localcloud is running with roles enforced, not with --no-roles; "),
    ],
)
@pytest.mark.usefixtures("denied")
def test_what_is_not_there_is_one_sentence(command: Run, words: tuple[str, ...], sentence: str) -> None:
    done = command(*words)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(sentence)


def test_without_roles_every_call_is_allowed_and_the_status_says_so(tmp_path: Path) -> None:
    def run(*words: str) -> Any:
        argv = [sys.executable, "-m", "localcloud", "--folder", str(tmp_path / ".localcloud"), *words]
        return subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)

    run("up", "--no-roles")
    try:
        assert "  roles       are not enforced: every call is allowed" in run("status").stdout.splitlines()
    finally:
        run("down")
