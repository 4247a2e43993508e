"""A build acts in a session of its project's role: its commands, and what CodeBuild does for it."""

from __future__ import annotations

import json
import shlex
import sys
from typing import Any

import pytest
from support.roles import create_role

from localcloud.core.access.principal import Principal
from localcloud.core.cloud import Cloud
from localcloud.core.refusal import Refusal

LOGS = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
IDENTITY = """
import boto3, os
print("identity", boto3.client("sts").get_caller_identity()["Arn"])
aws = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
print("keys", [name for name, value in aws.items() if "KEY" in name or value == "local"])
"""


@pytest.fixture
def services() -> list[Any]:
    from localcloud.services.codebuild.service import CodeBuild
    from localcloud.services.sts.service import Sts

    return [CodeBuild, Sts]


@pytest.fixture
def role(aws: Any) -> Any:
    """Creates the projects' role with these permissions."""
    return lambda *statements: create_role(aws("iam"), "r", "codebuild.amazonaws.com", *statements)


def spec(*commands: str, **members: Any) -> str:
    return json.dumps({"version": 0.2, "phases": {"build": {"commands": list(commands)}}, **members})


def python(code: str) -> str:
    return shlex.join([sys.executable, "-c", code])


def session(build: dict[str, Any]) -> str:
    return f"arn:aws:sts::000000000000:assumed-role/r/AWSCodeBuild-{build['id'].partition(':')[2]}"


def context(build: dict[str, Any], kind: str) -> dict[str, str]:
    phase = next(phase for phase in build["phases"] if phase["phaseType"] == kind)
    return phase["contexts"][0] if phase.get("contexts") else {}


def test_commands_run_under_the_role_of_the_project(run_build: Any, lines: Any) -> None:
    build = run_build(spec(python(IDENTITY)))
    assert build["buildStatus"] == "SUCCEEDED"
    assert f"identity {session(build)}" in lines(build)
    assert "keys []" in lines(build)


def test_a_build_that_has_ended_gets_no_more_keys(cloud: Cloud, run_build: Any, lines: Any) -> None:
    show = 'echo "uri $AWS_CONTAINER_CREDENTIALS_FULL_URI token $AWS_CONTAINER_AUTHORIZATION_TOKEN"'
    log = "\n".join(lines(run_build(spec(show))))
    token = log.partition(f"uri {cloud.url}/_localcloud/credentials token ")[2].splitlines()[0]
    assert len(token) > 20
    assert cloud.process_keys.fetch(token) is None


def test_a_project_may_have_keys_of_its_own(run_build: Any, lines: Any) -> None:
    build = run_build(spec(f"export AWS_ACCESS_KEY_ID=AKIAUNKNOWN AWS_SECRET_ACCESS_KEY=x; {python(IDENTITY)}"))
    assert build["buildStatus"] == "FAILED"
    assert any("InvalidClientTokenId" in line for line in lines(build))


def test_codebuild_s_own_calls_are_the_role_s(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, run_build: Any, s3: Any
) -> None:
    callers: set[str] = set()
    real = cloud.credentials.keys_of

    def keys_of(principal: Principal) -> Any:
        callers.add(principal.arn)
        return real(principal)

    monkeypatch.setattr(cloud.credentials, "keys_of", keys_of)
    cloud.client("ssm").put_parameter(Name="/app/key", Value="open", Type="SecureString")
    s3.put_object(Bucket="bucket", Key="spec.yml", Body=b"x")
    env = {"parameter-store": {"KEY": "/app/key"}}
    artifact = {"type": "S3", "location": "bucket", "packaging": "ZIP"}
    build = run_build(spec("touch a", env=env, artifacts={"files": ["a"]}), artifacts=artifact)
    assert build["buildStatus"] == "SUCCEEDED"
    assert callers == {session(build)}


def test_a_role_that_cannot_be_assumed_fails_the_build(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, create_project: Any, codebuild: Any, wait_for_end: Any, refused: Any
) -> None:
    def refuse(*_: Any, **__: Any) -> Principal:
        raise Refusal("AccessDenied", "no", 403)

    create_project(spec("true"))
    monkeypatch.setattr(cloud.access, "assume", refuse)
    build = wait_for_end(codebuild.start_build(projectName="app")["build"]["id"])
    role = "arn:aws:iam::000000000000:role/r"
    sentence = f"CodeBuild is not authorized to perform: sts:AssumeRole on {role}"
    assert build["buildStatus"] == "FAILED"
    assert context(build, "PROVISIONING") == {"statusCode": "ACCESS_DENIED", "message": sentence}
    request = {"name": "app", "serviceRole": role}
    assert refused(codebuild.update_project, "InvalidInputException", **request) == sentence


@pytest.mark.roles
@pytest.mark.parametrize("lacking", LOGS)
def test_a_build_without_its_log_fails(cloud: Cloud, role: Any, run_build: Any, lacking: str) -> None:
    arn = role(tuple(action for action in LOGS if action != lacking))
    build = run_build(spec("touch here"))
    assert build["buildStatus"] == "FAILED"
    message = context(build, "PROVISIONING")["message"]
    start = f"Service role {arn} does not allow AWS CodeBuild to create Amazon CloudWatch Logs log streams for build "
    reason = f"{build['arn']}. Error message: User: {session(build)} is not authorized to perform: {lacking}"
    assert message.startswith(f"{start}{reason} on resource: ")
    assert context(build, "PROVISIONING")["statusCode"] == "ACCESS_DENIED"
    assert cloud.client("logs").describe_log_groups()["logGroups"] == []


@pytest.mark.roles
def test_a_log_is_decided_about_once(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, role: Any, run_build: Any) -> None:
    decided, decide = [], cloud.access.authorize

    def authorize(principal: Principal, service: str, operation: str, request: Any) -> None:
        decided.append(operation)
        decide(principal, service, operation, request)

    role(LOGS)
    monkeypatch.setattr(cloud.access, "authorize", authorize)
    assert run_build(spec("echo 1", "echo 2", "echo 3"))["buildStatus"] == "SUCCEEDED"
    logs = ["CreateLogGroup", "CreateLogStream", "PutLogEvents"]
    assert [operation for operation in decided if operation in logs] == logs


@pytest.mark.roles
def test_a_build_may_only_what_its_role_allows(cloud: Cloud, role: Any, run_build: Any, lines: Any) -> None:
    role(LOGS, ("sqs:CreateQueue", "on", cloud.arn("sqs", "mine")))
    create = "import boto3, sys; print(boto3.client('sqs').create_queue(QueueName=sys.argv[1])['QueueUrl'])"
    build = run_build(spec(f"{python(create)} mine", f"{python(create)} other"))
    assert build["buildStatus"] == "FAILED"
    log = "\n".join(lines(build))
    assert "/mine\n" in log
    assert f"User: {session(build)} is not authorized to perform: sqs:" in log
    assert "because no identity-based policy allows the sqs:CreateQueue action" in log


@pytest.mark.roles
def test_a_report_that_the_role_may_not_create_fails_the_build(role: Any, run_build: Any) -> None:
    role(LOGS)
    write = "echo '<testsuite><testcase name=\"t\"/></testsuite>' > r.xml"
    build = run_build(spec(write, reports={"tests": {"files": ["r.xml"]}}))
    failure = context(build, "UPLOAD_ARTIFACTS")
    start = "Error in UPLOAD_ARTIFACTS phase: [tests: [error creating report group: AccessDeniedException: User: "
    assert failure["statusCode"] == "CLIENT_ERROR"
    assert failure["message"].startswith(f"{start}{session(build)} is not authorized to perform: ")
    assert (build["buildStatus"], build["reportArns"]) == ("FAILED", [])


def test_a_build_cannot_change_the_server(cloud: Cloud, run_build: Any, lines: Any) -> None:
    """Its control plane would take it round its role."""
    reset = """
import os, urllib.error, urllib.request
kind = {"Content-Type": "application/json"}
try:
    urllib.request.urlopen(urllib.request.Request(os.environ["LOCALCLOUD_URL"] + "/_localcloud/reset", b"{}", kind))
except urllib.error.HTTPError as error:
    print("refused", error.code)
"""
    cloud.client("sqs").create_queue(QueueName="kept")
    command = f"{sys.executable} -m localcloud reset || echo 'no reset'"
    build = run_build(spec(python(reset), command))
    assert [line for line in lines(build) if line in ("refused 403", "no reset")] == ["refused 403", "no reset"]
    assert cloud.client("sqs").list_queues()["QueueUrls"]
