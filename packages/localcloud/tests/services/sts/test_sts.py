"""Who calls, sessions of roles, and how long they last."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from support.roles import create_role

from localcloud.core.cloud import Cloud
from localcloud.services.sts.service import Sts

ACCOUNT = "000000000000"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/release"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    ],
}


@pytest.fixture
def services() -> list[Any]:
    return [Sts]


@pytest.fixture
def role(aws: Any) -> str:
    """May be assumed for two hours; its ID."""
    document = json.dumps(TRUST)
    created = aws("iam").create_role(
        RoleName="release", Path="/team/", AssumeRolePolicyDocument=document, MaxSessionDuration=7200
    )
    return str(created["Role"]["RoleId"])


@pytest.fixture
def sts(aws: Any) -> Any:
    return aws("sts")


@pytest.fixture
def sts_of(cloud: Cloud) -> Callable[[dict[str, Any]], Any]:
    """The client with these credentials."""

    def create(response: dict[str, Any]) -> Any:
        keys = response["Credentials"]
        names = {
            "aws_access_key_id": "AccessKeyId",
            "aws_secret_access_key": "SecretAccessKey",
            "aws_session_token": "SessionToken",
        }
        values = {name: keys[member] for name, member in names.items()}
        return boto3.client("sts", endpoint_url=cloud.url, region_name=cloud.region, **values)

    return create


def seconds_left(response: dict[str, Any]) -> float:
    return float((response["Credentials"]["Expiration"] - datetime.now(UTC)).total_seconds())


def test_a_person_is_the_account_s_administrator(sts: Any) -> None:
    identity = sts.get_caller_identity()
    assert identity["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"
    assert (identity["Account"], identity["UserId"]) == (ACCOUNT, ACCOUNT)


def test_a_session_of_a_role_is_its_own_identity(role: str, sts: Any, sts_of: Callable[..., Any]) -> None:
    session = sts.assume_role(RoleArn=ROLE, RoleSessionName="me")
    identity = sts_of(session).get_caller_identity()
    arn, user_id = f"arn:aws:sts::{ACCOUNT}:assumed-role/release/me", f"{role}:me"
    assert session["AssumedRoleUser"] == {"AssumedRoleId": user_id, "Arn": arn}
    assert (identity["Arn"], identity["UserId"], identity["Account"]) == (arn, user_id, ACCOUNT)
    assert seconds_left(session) == pytest.approx(3600, abs=60)


def test_a_role_that_does_not_exist_is_refused(sts: Any, refused: Callable[..., str]) -> None:
    missing = f"arn:aws:iam::{ACCOUNT}:role/missing"
    message = refused(sts.assume_role, "AccessDenied", RoleArn=missing, RoleSessionName="me")
    user = f"arn:aws:iam::{ACCOUNT}:root"
    assert message.startswith(f"User: {user} is not authorized to perform: sts:AssumeRole on resource: {missing}")
    message = refused(sts.assume_role, "ValidationError", RoleArn="arn:aws:iam::1:user/x-y-z", RoleSessionName="me")
    assert message == "arn:aws:iam::1:user/x-y-z is invalid"


@pytest.mark.usefixtures("role")
def test_the_role_limits_the_duration(sts: Any, refused: Callable[..., str]) -> None:
    request = {"RoleArn": ROLE, "RoleSessionName": "me"}
    assert seconds_left(sts.assume_role(**request, DurationSeconds=7200)) == pytest.approx(7200, abs=60)
    message = refused(sts.assume_role, "ValidationError", **request, DurationSeconds=7201)
    assert message == "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."


@pytest.mark.usefixtures("role")
def test_a_session_that_assumes_a_role_gets_an_hour(
    sts: Any, sts_of: Callable[..., Any], refused: Callable[..., str]
) -> None:
    request = {"RoleArn": ROLE, "RoleSessionName": "me"}
    first = sts_of(sts.assume_role(**request, DurationSeconds=7200))
    assert seconds_left(first.assume_role(**request)) == pytest.approx(3600, abs=60)
    message = refused(first.assume_role, "ValidationError", **request, DurationSeconds=3601)
    assert "the 1 hour session limit for roles assumed by role chaining" in message


@pytest.mark.usefixtures("role")
def test_session_policies_are_kept_with_the_session(cloud: Cloud, sts: Any, aws: Any) -> None:
    reads, writes = (
        json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})
        for action in ("s3:GetObject", "s3:PutObject")
    )
    arn = aws("iam").create_policy(PolicyName="p", PolicyDocument=writes)["Policy"]["Arn"]
    request = {"RoleArn": ROLE, "RoleSessionName": "me", "Policy": reads, "PolicyArns": [{"arn": arn}]}
    keys = sts.assume_role(**request)["Credentials"]
    principal = cloud.credentials.principal(keys["AccessKeyId"], keys["SessionToken"])
    assert principal.session_policies == (reads, writes)


@pytest.mark.usefixtures("role")
def test_session_policies_that_cannot_be_read_are_refused(sts: Any, refused: Callable[..., str]) -> None:
    request = {"RoleArn": ROLE, "RoleSessionName": "me"}
    for policy in ("{", "[]"):
        refused(sts.assume_role, "MalformedPolicyDocument", **request, Policy=policy)
    missing = [{"arn": f"arn:aws:iam::{ACCOUNT}:policy/missing"}]
    refused(sts.assume_role, "MalformedPolicyDocument", **request, PolicyArns=missing)
    refused(sts.assume_role, "PackedPolicyTooLarge", **request, Policy='{"Statement": []' + " " * 2048 + "}")


def test_a_user_gets_temporary_keys(aws: Any, cloud: Cloud, sts_of: Callable[..., Any], refused: Any) -> None:
    iam = aws("iam")
    user = iam.create_user(UserName="ci")["User"]
    key = iam.create_access_key(UserName="ci")["AccessKey"]
    permanent = {**key, "SessionToken": None}
    session = sts_of({"Credentials": permanent}).get_session_token()
    assert seconds_left(session) == pytest.approx(43_200, abs=60)
    temporary = sts_of(session)
    assert temporary.get_caller_identity()["UserId"] == user["UserId"]
    message = refused(temporary.get_session_token, "AccessDenied")
    assert message == "Cannot call GetSessionToken with session credentials"
    assert temporary.get_access_key_info(AccessKeyId=key["AccessKeyId"])["Account"] == cloud.account


@pytest.mark.usefixtures("role")
def test_a_session_gets_no_other_temporary_keys(sts: Any, sts_of: Callable[..., Any], refused: Any) -> None:
    refused(sts_of(sts.assume_role(RoleArn=ROLE, RoleSessionName="me")).get_session_token, "AccessDenied")


def test_the_administrator_s_temporary_keys_last_an_hour_at_most(sts: Any) -> None:
    assert seconds_left(sts.get_session_token(DurationSeconds=43_200)) == pytest.approx(3600, abs=60)
    assert seconds_left(sts.get_session_token(DurationSeconds=900)) == pytest.approx(900, abs=60)


@pytest.mark.usefixtures("role")
def test_sessions_expire_in_real_time(cloud: Cloud, sts: Any, sts_of: Callable[..., Any]) -> None:
    session = sts.assume_role(RoleArn=ROLE, RoleSessionName="me")
    cloud.clock.advance(7200)
    assert sts_of(session).get_caller_identity()
    assert session["Credentials"]["Expiration"].timestamp() < time.time() + 3601


def test_what_sts_does_not_reproduce_is_refused(sts: Any, refused: Callable[..., str]) -> None:
    refused(sts.get_federation_token, "NotImplementedByLocalcloud", Name="me")
    device = {"SerialNumber": "arn:aws:iam::000000000000:mfa/me", "TokenCode": "123456"}
    refused(sts.get_session_token, "NotImplementedByLocalcloud", **device)


def test_the_global_endpoint_s_region_is_accepted(cloud: Cloud) -> None:
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    client = boto3.client("sts", endpoint_url=cloud.url, region_name="us-east-1", **keys)
    assert client.get_caller_identity()["Account"] == ACCOUNT


@pytest.mark.roles
@pytest.mark.parametrize(
    ("trusted", "identity", "allowed"),
    [
        (f"arn:aws:iam::{ACCOUNT}:user/ci", False, True),
        (f"arn:aws:iam::{ACCOUNT}:root", False, False),
        (f"arn:aws:iam::{ACCOUNT}:root", True, True),
        (f"arn:aws:iam::{ACCOUNT}:user/other", True, False),
    ],
)
def test_the_trust_policy_and_the_user_s_own_decide_who_may_assume_a_role(
    aws: Any, sts_of: Callable[..., Any], refused: Callable[..., str], trusted: str, identity: bool, allowed: bool
) -> None:
    iam, statement = aws("iam"), TRUST["Statement"][0]
    trust = json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Principal": {"AWS": trusted}}]})
    iam.create_user(UserName="ci")
    iam.create_role(RoleName="release", Path="/team/", AssumeRolePolicyDocument=trust)
    if identity:
        own = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": ROLE}
        document = json.dumps({"Version": "2012-10-17", "Statement": [own]})
        iam.put_user_policy(UserName="ci", PolicyName="own", PolicyDocument=document)
    user = sts_of({"Credentials": {**iam.create_access_key(UserName="ci")["AccessKey"], "SessionToken": None}})
    request = {"RoleArn": ROLE, "RoleSessionName": "me"}
    if allowed:
        assert user.assume_role(**request)["AssumedRoleUser"]["Arn"].endswith(":assumed-role/release/me")
    else:
        message = refused(user.assume_role, "AccessDenied", **request)
        start = f"User: arn:aws:iam::{ACCOUNT}:user/ci is not authorized to perform: sts:AssumeRole on resource: {ROLE}"
        assert message.startswith(start)


@pytest.mark.roles
def test_an_external_id_is_compared_with_the_role_s(aws: Any, sts: Any, refused: Callable[..., str]) -> None:
    statement = {**TRUST["Statement"][0], "Condition": {"StringEquals": {"sts:ExternalId": "seven"}}}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws("iam").create_role(RoleName="release", Path="/team/", AssumeRolePolicyDocument=trust)
    request = {"RoleArn": ROLE, "RoleSessionName": "me"}
    refused(sts.assume_role, "AccessDenied", **request, ExternalId="eight")
    assert sts.assume_role(**request, ExternalId="seven")


@pytest.mark.roles
def test_a_session_is_narrowed_by_its_policy(aws: Any, cloud: Cloud, sts: Any, refused: Callable[..., str]) -> None:
    create_role(aws("iam"), "any", "sagemaker.amazonaws.com", ("sqs:*",))
    aws("iam").update_assume_role_policy(RoleName="any", PolicyDocument=json.dumps(TRUST))
    lists = {"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*"}
    keys = sts.assume_role(
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/any",
        RoleSessionName="me",
        Policy=json.dumps({"Version": "2012-10-17", "Statement": [lists]}),
    )["Credentials"]
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
    session = boto3.Session(*(keys[name] for name in names))
    sqs = session.client("sqs", endpoint_url=cloud.url, region_name=cloud.region)
    assert sqs.list_queues()
    message = refused(sqs.create_queue, "AccessDenied", QueueName="q")
    assert "because no session policy allows the sqs:CreateQueue action" in message
