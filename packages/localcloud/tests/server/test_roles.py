"""Denied calls over HTTP: each service's own code and status, and what the command says about them."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError
from support.control_key import key_of
from support.policies import ACCOUNT, allow

pytestmark = pytest.mark.roles
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/test"
LARGE = {"Bucket": "one", "Key": "a", "Body": b"1" * 100_000}


@pytest.fixture
def client(cloud: Any, open_session: Callable[..., Any]) -> Callable[[str], Any]:
    """A client of a role that may do nothing but list queues."""
    session = open_session("deploy", allow("sqs:ListQueues"))
    return lambda service: cloud.client_as(session, service)


@pytest.mark.parametrize(
    ("service", "operation", "request_", "code", "status", "action"),
    [
        ("sagemaker", "list_models", {}, "AccessDeniedException", 400, "sagemaker:ListModels"),
        ("codebuild", "list_projects", {}, "AccessDeniedException", 400, "codebuild:ListProjects"),
        ("events", "list_rules", {}, "AccessDeniedException", 400, "events:ListRules"),
        ("scheduler", "list_schedules", {}, "AccessDeniedException", 403, "scheduler:ListSchedules"),
        ("cloudwatch", "describe_alarms", {}, "AccessDenied", 403, "cloudwatch:DescribeAlarms"),
        ("cloudformation", "list_stacks", {}, "AccessDenied", 403, "cloudformation:ListStacks"),
        ("s3", "list_buckets", {}, "AccessDenied", 403, "s3:ListAllMyBuckets"),
        (
            "s3",
            "put_object",
            LARGE,
            "AccessDenied",
            403,
            "s3:PutObject",
        ),
        ("iam", "list_roles", {}, "AccessDenied", 403, "iam:ListRoles"),
        ("sns", "list_topics", {}, "AuthorizationError", 403, "sns:ListTopics"),
        ("kms", "list_keys", {}, "AccessDeniedException", 400, "kms:ListKeys"),
        ("logs", "create_log_group", {"logGroupName": "g"}, "AccessDeniedException", 400, "logs:CreateLogGroup"),
        ("ssm", "get_parameter", {"Name": "/a/b"}, "AccessDeniedException", 400, "ssm:GetParameter"),
        ("ecr", "describe_repositories", {}, "AccessDeniedException", 400, "ecr:DescribeRepositories"),
        ("ec2", "describe_vpcs", {}, "UnauthorizedOperation", 403, "ec2:DescribeVpcs"),
    ],
)
def test_each_service_refuses_in_its_own_way(
    client: Any, service: str, operation: str, request_: Any, code: str, status: int, action: str
) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(client(service), operation)(**request_)
    response = caught.value.response
    assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    message = response["Error"]["Message"]
    assert message.startswith(f"User: {SESSION} is not authorized to perform: {action} on resource: ")
    assert message.endswith(f" because no identity-based policy allows the {action} action")


def test_what_is_allowed_is_done(aws: Any, client: Any) -> None:
    aws("sqs").create_queue(QueueName="q")
    assert len(client("sqs").list_queues()["QueueUrls"]) == 1
    with pytest.raises(ClientError, match="sqs:SendMessage"):
        client("sqs").send_message(QueueUrl=f"http://x/{ACCOUNT}/q", MessageBody="x")


def test_a_head_request_is_refused_without_a_body(cloud: Any, aws: Any, open_session: Any) -> None:
    """A client would take a body for the beginning of the next response on the connection."""
    aws("s3").create_bucket(Bucket="one", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    keys = cloud.credentials.issue(open_session("other"))
    signature = f"AWS4-HMAC-SHA256 Credential={keys.access_key}/20260101/eu-west-1/s3/aws4_request, Signature=x"
    head = f"Host: 127.0.0.1\r\nAuthorization: {signature}\r\nX-Amz-Security-Token: {keys.token}\r\n"
    host, _, port = cloud.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(f"HEAD /one/a HTTP/1.1\r\n{head}Connection: close\r\n\r\n".encode())
        received = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    assert received.startswith(b"HTTP/1.1 403 ")
    assert received.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("listing", [True, False])
def test_only_who_may_list_a_bucket_learns_that_an_object_is_missing(
    cloud: Any, aws: Any, open_session: Any, listing: bool
) -> None:
    aws("s3").create_bucket(Bucket="one", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    actions = ["s3:GetObject", *(["s3:ListBucket"] if listing else [])]
    reader = cloud.client_as(open_session("reader", allow(*actions)), "s3")
    expected = "NoSuchKey" if listing else 's3:ListBucket on resource: "arn:aws:s3:::one" because'
    with pytest.raises(ClientError, match=expected):
        reader.get_object(Bucket="one", Key="a")
    with pytest.raises(ClientError, match="404" if listing else "403"):
        reader.head_object(Bucket="one", Key="a")


def test_who_one_is_needs_no_permission(client: Any) -> None:
    assert client("sts").get_caller_identity()["Arn"] == SESSION


def test_what_cannot_be_read_is_not_done(cloud: Any, open_session: Any) -> None:
    """It cannot be decided; moto would perhaps do it."""
    keys = cloud.credentials.issue(open_session("other"))
    signature = f"AWS4-HMAC-SHA256 Credential={keys.access_key}/20260101/eu-west-1/iam/aws4_request, Signature=x"
    headers = {
        "Authorization": signature,
        "X-Amz-Security-Token": keys.token,
        "Content-Type": "application/x-www-form-urlencoded",
    }
    response = httpx.post(cloud.url, headers=headers, content="Action=NoSuchOperation&Version=2010-05-08")
    assert (response.status_code, "NotImplementedByLocalcloud" in response.text) == (400, True)


def test_the_status_lists_denied_calls_and_explains_them(cloud: Any, client: Any) -> None:
    def control(path: str, body: Any = None) -> Any:
        url = f"{cloud.url}/_localcloud/{path}"
        return (
            httpx.get(url, headers=key_of(cloud)) if body is None else httpx.post(url, json=body, headers=key_of(cloud))
        ).json()

    assert control("denials/explain", {})["error"] == "there is no denied call; those that are kept: none yet"
    with pytest.raises(ClientError):
        client("sagemaker").list_models()
    status = control("status")
    assert status["roles_enforced"] is True
    assert [denial["action"] for denial in status["denials"]] == ["sagemaker:ListModels"]
    [statement] = control("denials/explain", {"number": 1})["statements"]
    assert (statement["policy"], statement["effect"], statement["applied"]) == ("own", "Allow", False)
    assert control("denials/explain", {"number": 9})["error"].startswith("there is no denied call 9")


def test_permissions_that_calls_have_needed(cloud: Any, client: Any, open_session: Any) -> None:
    def permissions(**body: str) -> Any:
        return httpx.post(f"{cloud.url}/_localcloud/permissions", json=body, headers=key_of(cloud)).json()

    role = f"arn:aws:iam::{ACCOUNT}:role/deploy"
    permission = {"policy": "own", "statement": "1", "action": "sqs:ListQueues", "needed": False}
    assert permissions(role="deploy") == {"roles": {role: [permission]}}
    client("sqs").list_queues()
    assert permissions()["roles"] == {role: [{**permission, "needed": True}]}
    other = open_session("other", allow("sqs:ListQueues"), allow("sqs:*"), allow("s3:GetObject"))
    cloud.client_as(other, "sqs").list_queues()
    needed = [each["needed"] for each in permissions(role="other")["roles"][other.role_arn]]
    assert needed == [False, False, False]  # either of the first two would do
    assert permissions(role="none")["error"].startswith("there is no role 'none'; there are: ")
